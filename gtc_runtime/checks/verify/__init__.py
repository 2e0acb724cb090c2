"""Proofs by real requests that serving, hand-over, cache, scaling and link do what they should."""
