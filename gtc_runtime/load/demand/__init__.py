"""How load is asked for, and the slots that come of it: a rate, open streams, or a trace.

Pure: everything is told the time and draws from seeds, so that several shards compute one schedule,
each for itself. It must not know requests, prompts or answers.
"""
