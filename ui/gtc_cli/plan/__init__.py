"""`gtc plan`: know before you book. Each question is one file; none needs a cluster."""
