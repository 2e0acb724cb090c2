"""The wire to a Kubernetes API: requests, refusals in words, forwarded ports."""
