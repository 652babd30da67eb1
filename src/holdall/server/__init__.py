"""The server: the S3 API, the control plane and events, as one ASGI app."""
