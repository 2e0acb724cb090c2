"""The words in the frames of an answer that were kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gtc_runtime.load.answer import frame


def of(kept: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Text and reasoning of each frame.

    Args:
        kept: Frames, or reads with everything around the frames.
    """
    for each in _frames(kept):
        yield frame.texts(frame.parse(each))


def _frames(kept: Iterable[bytes]) -> Iterator[bytes]:
    for piece in kept:
        if piece[:1] == b"{":
            yield piece
        else:
            yield from (line[5:] for line in piece.split(b"\n") if line.startswith(b"data:"))
