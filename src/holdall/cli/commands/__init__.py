"""One module a command: its options, and one function from a client to an output."""
