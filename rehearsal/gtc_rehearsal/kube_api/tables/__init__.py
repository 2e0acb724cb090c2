"""Objects as the table that kubectl prints; it reads objects and never the store."""
