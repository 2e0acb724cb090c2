"""What DigitalOcean offers and asks: nodes, prices, buckets, registries, images."""
