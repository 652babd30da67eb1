"""Who may do what: policies, access lists, and what blocks them, as values without I/O."""
