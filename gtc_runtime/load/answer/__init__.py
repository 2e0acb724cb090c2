"""What the bytes of an answer mean: events, frames, endings, and tokens of an arrival."""
