"""What holds buckets of blobs. Everything here meets `protocol.Backend`."""
