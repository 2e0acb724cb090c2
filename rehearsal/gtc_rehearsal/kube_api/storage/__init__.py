"""The store: objects, their history, and the rules that hold for every write.

It must not know HTTP; controllers in this process write past no rule either.
"""
