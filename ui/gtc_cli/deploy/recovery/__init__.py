"""What an earlier run left: found, taken into a stack, or ended.

A command that was killed leaves things that no state lists. Before a stack is applied they are
imported or cleared; at the end of a teardown they are deleted.
"""
