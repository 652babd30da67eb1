"""Names in SQL: which names have which revisions, and which payloads those are made of."""
