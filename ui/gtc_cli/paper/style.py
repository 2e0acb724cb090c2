"""The style of every page on white paper, ready to stand inside it."""

from __future__ import annotations

from importlib import resources


def style() -> str:
    """The text of its ``<style>``."""
    return (resources.files("gtc_cli.paper") / "style.css").read_text(encoding="utf-8")
