"""Figures of a run by name, and conditions on them."""
