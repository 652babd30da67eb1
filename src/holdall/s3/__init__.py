"""The S3 wire protocol, both directions: signing, chunked bodies, XML, checksums, a client."""
