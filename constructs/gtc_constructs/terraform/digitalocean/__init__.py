"""Of provider digitalocean 2.99.1."""
