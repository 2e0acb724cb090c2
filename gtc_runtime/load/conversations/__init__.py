"""Chats of several turns, and where their follow-up questions come from."""
