"""The control plane: what S3 has no words for, as JSON under `/api/v1`."""
