"""What a panel writes down while it plays, and what the next one makes of it."""
