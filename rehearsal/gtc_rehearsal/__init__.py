"""A cluster on localhost; only the command line knows that it exists."""
