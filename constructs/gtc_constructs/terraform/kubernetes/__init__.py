"""Of provider kubernetes 2.38.0."""
