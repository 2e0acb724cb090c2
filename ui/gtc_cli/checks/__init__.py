"""Verbs that judge: doctor, preflight, verify."""
