"""What is asked of the providers of imported buckets, one kind of provider a file."""
