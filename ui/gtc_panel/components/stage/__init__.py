"""The nine tiles of the stage page; each draws its part of one view."""
