"""Simulated serving: requests, workers, caches and the links between them, on a virtual clock.

Pure arithmetic over a heap of events: no event loop, no clock, no network. It must not know phases,
claims or environments.
"""
