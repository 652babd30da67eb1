"""The frozen values that `client.buckets` hands out, one concept a module."""
