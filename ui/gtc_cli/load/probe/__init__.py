"""What a server is asked before any load."""
