"""Chats of several turns, and where their follow-up questions come from.

When the next turn is due, and the question for it: of the bundled list, or of a small model with a
daily budget. It must not know the server under test; a model that is slow costs a question, never
the schedule.
"""
