"""Files to a server and back, by our command and client and by the tools of others."""
