"""A Prometheus small enough for a laptop: scraper, store of samples, PromQL, HTTP API.

It answers the part of PromQL that our queries and boards use as Prometheus does, and refuses the
rest by name. It must not know what the metrics mean or who asks.
"""
