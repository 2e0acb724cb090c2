"""Predicts the show in seconds, from the same phases and machine as live."""
