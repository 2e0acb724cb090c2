"""Every metric that is scraped, and every question put to Prometheus."""
