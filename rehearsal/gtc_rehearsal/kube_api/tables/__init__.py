"""Objects as the table that kubectl prints."""
