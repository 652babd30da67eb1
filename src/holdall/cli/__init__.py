"""The `holdall` command. Nothing here is imported by the library."""
