"""How a server is asked: where, and in which dialect of the API."""
