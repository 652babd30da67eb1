"""What `holdall demo` shows, a module for the tree it reads and one for the steps."""
