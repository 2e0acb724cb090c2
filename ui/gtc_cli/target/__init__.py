"""Which cluster a verb means, and the ways to what answers in it."""
