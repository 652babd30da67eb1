"""The managed store: one verb a file. The only place where catalog and payloads meet."""
