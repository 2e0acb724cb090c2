"""Verbs about what was recorded: play it, film it, take it home."""
