"""The reference of the constructs, read from their signatures and docstrings without running them.

Nothing here imports cdktf: the sources are parsed, so that writing a page starts no Node.
"""
