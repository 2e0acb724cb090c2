"""A Prometheus small enough for a laptop: scraper, store of samples, PromQL, HTTP API."""
