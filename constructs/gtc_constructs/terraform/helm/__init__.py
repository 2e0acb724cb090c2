"""Of provider helm 3.1.1."""
