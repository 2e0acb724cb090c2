"""Steps that a verb does alone and a deployment one after the other.

They define no command and must not know who takes them.
"""
