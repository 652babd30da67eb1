"""The lifecycles of buckets: their rules, what S3 demands of them, and what they let go of."""
