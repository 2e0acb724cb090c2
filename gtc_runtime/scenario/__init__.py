"""The show as data: a pure machine, the conductor that runs it, the guardian that ends it."""
