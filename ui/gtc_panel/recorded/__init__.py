"""Recordings on the pages: played beside a demo or in its place, and rendered as a video."""
