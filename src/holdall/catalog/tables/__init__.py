"""One table a file: its statements, whole, and the row they give. Nothing else says them."""
