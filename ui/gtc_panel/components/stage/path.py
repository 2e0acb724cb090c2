"""The path of a request: frontend, prefill, KV cache, decode, answer, left to right.

One row of GPUs is both the pools and the middle of the path: prefill works at its left end, decode
at its right, and what is free lies where the KV cache passes. What waits or streams is drawn as
dots; where more waits than can be worked off soon, it is red and says so.
"""

from __future__ import annotations

from typing import Final

from gtc_panel import stage_text, text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.components.pool_tiles import Tile, tiled
from gtc_panel.components.stage.answer import LiveAnswer
from gtc_panel.components.stage.trust import proves
from gtc_panel.port import PanelPort
from gtc_runtime.formats import whole
from gtc_runtime.view import DemoView, PoolView, freshness
from gtc_spec.pools import ROLES, Role

DOTS_MAX: Final = 12
"""More are told as a number: nobody counts a crowd."""
WAITING_MAX: Final = 2
"""Requests before a prefill worker: one that it reads and one that is next. More is a queue."""


class RequestPath:
    """Queue, GPUs and one live answer."""

    def __init__(self, panel: PanelPort) -> None:
        with box("tile-box stage-path"):
            with box("path-part path-queue"):
                words(stage_text.FRONTEND, "path-name")
                self._waiting = _Dots("waiting")
            with box("path-part path-gpus"):
                with box("path-pools"):
                    self._prefill = _Pool("prefill")
                    words(stage_text.KV_TRANSFER, "path-kv")
                    self._decode = _Pool("decode")
                with box("tiles") as self._row:
                    self._tiles = [_Gpu() for _ in range(panel.environment.slots)]
                self._streaming = _Dots("streaming")
            self._answer = LiveAnswer()

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.cluster_age_s)
        pools = () if fresh == "gone" else view.pools
        by_role = {pool.role: pool for pool in pools}
        for role, shown in zip(ROLES, (self._prefill, self._decode), strict=True):
            shown.show(by_role.get(role, PoolView(role)))
        for gpu, tile in zip(self._tiles, tiled(pools, len(self._tiles))[0], strict=True):
            gpu.show(tile)
        swap(self._row, "is-", fresh)
        known = freshness(view.load_age_s) == "fresh"
        self._waiting.show(view.load.waiting if known else None, jammed=queue_jams(view))
        self._streaming.show(view.load.streaming if known else None, jammed=streams_jam(view))
        self._answer.draw(view)


class _Pool:
    def __init__(self, role: Role) -> None:
        with box(f"path-pool role-{role}"):
            words(role.capitalize(), "path-pool-name")
            self._count = words("", "stage-pool-count").mark(role)

    def show(self, pool: PoolView) -> None:
        self._count.set_text(text.of_desired(whole(pool.ready), whole(pool.desired)))


class _Gpu:
    def __init__(self) -> None:
        with box("tile") as self._box:
            self._letter = words("", "tile-letter")

    def show(self, tile: Tile) -> None:
        self._letter.set_text(text.LETTER.get(tile.role, ""))
        swap(self._box, "tile-role-", tile.role or "none")
        swap(self._box, "tile-state-", tile.state)


class _Dots:
    """Requests as dots, and their number in words."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        with box(f"path-dots path-dots-{kind}") as self._box:
            with box("dots-row"):
                self._dots = box("dots")
                self._more = words("", "dots-more")
            self._words = words("", "dots-words").mark(kind)

    def show(self, count: int | None, *, jammed: bool) -> None:
        self._dots.style(replace=f"--dots: {min(count or 0, DOTS_MAX)}")
        self._more.set_text(f"+{count - DOTS_MAX}" if count and count > DOTS_MAX else "")
        self._words.set_text(stage_text.path_words(self._kind, count, jammed=jammed))
        swap(self._box, "jam-", "yes" if jammed else "no")


def queue_jams(view: DemoView) -> bool:
    """Whether more requests wait for their first token than the prefill workers soon get to."""
    ready = next((pool.ready for pool in view.pools if pool.role == "prefill"), None)
    waiting = view.load.waiting
    if ready is None or waiting is None or freshness(view.load_age_s) != "fresh":
        return False
    return waiting > WAITING_MAX * ready


def streams_jam(view: DemoView) -> bool:
    """Whether so many answers stream that their tokens come later than the goal."""
    every = view.workloads.get("all")
    if every is None or every.itl.p95_ms is None or not proves(view):
        return False
    return every.itl.p95_ms > view.goals.itl_p95_ms
