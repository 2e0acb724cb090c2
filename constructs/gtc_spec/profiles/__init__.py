"""Measured timings of a GPU, as packaged tables, and how to read between their points."""
