"""What the bytes of an answer mean: events, frames, endings, and tokens of an arrival.

Fed with pieces of any size, in order; it must not know sockets, clocks, requests or statistics.
"""
