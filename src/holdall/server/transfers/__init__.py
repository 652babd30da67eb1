"""Transfers between buckets that the server makes by itself."""
