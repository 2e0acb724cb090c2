"""The store behind the API: objects with their history, and what it refuses to take."""
