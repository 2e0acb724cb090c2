"""Verbs of a running demo: serve and drive the panel, look at the cluster, open its pages."""
