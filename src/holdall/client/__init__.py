"""What users hold: a `Client`, its `Buckets`, and the values they hand out."""
