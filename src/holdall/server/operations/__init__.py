"""The operations of S3, one a file; each is a `Route` and the function behind it."""
