"""How load is asked for, and the slots that come of it: a rate, open streams, or a trace."""
