"""Numbers in and out: Prometheus queries, our own exporter."""
