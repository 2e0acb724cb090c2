"""Profiles made of measurements: Dynamo's self-benchmark, a live run, the kernels of a card."""
