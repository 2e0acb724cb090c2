"""Prompts in place of the three workloads: of given lengths, from a file, of a trace."""
