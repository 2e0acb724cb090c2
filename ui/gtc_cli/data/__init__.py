"""Verbs that bring texts and models to where they are read."""
