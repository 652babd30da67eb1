"""What `cp` and `mv` share: where each source goes, and the carrying out of it."""
