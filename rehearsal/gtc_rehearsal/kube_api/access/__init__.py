"""Who asks, what for, and whether they may: bearer tokens and the Roles of the store.

This room must not know HTTP; it gets the parts of a request that decide.
"""
