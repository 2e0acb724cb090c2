"""One tile a slot: prefill workers grow from the left, decode workers from the right.

A slot is a GPU, or room for a simulated worker where there are none. The free ones lie between, so
a change of the P:D ratio is a border that moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from gtc_panel import text
from gtc_panel.components.basics import box, heading, swap, tip, words
from gtc_panel.port import PanelPort
from gtc_runtime.formats import whole
from gtc_runtime.view import DemoView, PoolView, freshness
from gtc_spec.pools import ROLES

TileState = Literal["ready", "draining", "pending", "free", "unknown"]


class Tile(NamedTuple):
    """What one GPU does; the role is empty when no worker has it."""

    role: str
    state: TileState


class PoolTiles:
    """Counts of both pools and the row of tiles."""

    def __init__(self, panel: PanelPort) -> None:
        with box("card pools"):
            heading(text.OF_WORKERS, "unseen")
            with box("pools-head"):
                counts = {role: words("", f"pool-count role-{role}").mark(role) for role in ROLES}
                self._counts = counts
            with box("tiles") as self._row:
                total = panel.environment.slots
                self._slot = panel.environment.nodes.slot_name
                self._tiles = [_TileBox() for _ in range(total)]
            with box("pools-foot"):
                for state in ("ready", "pending", "draining", "free"):
                    with box("key"):
                        box(f"key-sample tile-state-{state}")
                        words(text.TILE[state], "muted")
                self._reason = words("", "pool-reason").mark("pool-reason")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.cluster_age_s)
        pools = () if fresh == "gone" else view.pools
        by_role = {pool.role: pool for pool in pools}
        for role, label in self._counts.items():
            pool = by_role.get(role, PoolView(role))
            label.set_text(text.pool_count(role, whole(pool.ready), whole(pool.desired)))
            swap(label, "is-", fresh)
        swap(self._row, "is-", fresh)
        tiles, waiting = tiled(pools, len(self._tiles))
        for tile, drawn in zip(tiles, self._tiles, strict=True):
            drawn.show(tile)
        reasons = [text.waits_for_slot(waiting, self._slot)] if waiting else []
        reasons += [f"{pool.role}: {pool.reason}" for pool in pools if pool.reason]
        self._reason.set_text(" · ".join(reasons))
        tip(self._reason, self._reason.text)


class _TileBox:
    def __init__(self) -> None:
        with box("tile") as self._box:
            self._letter = words("", "tile-letter")
            self._state = words("", "tile-word")

    def show(self, tile: Tile) -> None:
        self._letter.set_text(text.LETTER.get(tile.role, ""))
        self._state.set_text(text.TILE[tile.state])
        swap(self._box, "tile-role-", tile.role or "none")
        swap(self._box, "tile-state-", tile.state)


def tiled(pools: Iterable[PoolView], total: int) -> tuple[list[Tile], int]:
    """Lay the workers out on the GPUs.

    Args:
        pools: Both pools, or none when the cluster is not known.
        total: GPUs of the environment.

    Returns:
        One tile a GPU from left to right, and how many pending workers have no GPU left.
    """
    by_role = {pool.role: pool for pool in pools}
    if all(by_role.get(role, PoolView(role)).ready is None for role in ROLES):
        return [Tile("", "unknown")] * total, 0
    held = {role: _workers(by_role.get(role, PoolView(role)), pending=False) for role in ROLES}
    room = max(0, total - sum(len(tiles) for tiles in held.values()))
    waiting = 0
    for role in ROLES:
        pending = _workers(by_role.get(role, PoolView(role)), pending=True)
        held[role] += pending[:room]
        waiting += len(pending[room:])
        room -= len(pending[:room])
    prefill, decode = held["prefill"], list(reversed(held["decode"]))
    return [*prefill, *[Tile("", "free")] * room, *decode][:total], waiting


def _workers(pool: PoolView, *, pending: bool) -> list[Tile]:
    if pending:
        return [Tile(pool.role, "pending")] * (pool.pending or 0)
    ready = [Tile(pool.role, "ready")] * (pool.ready or 0)
    return ready + [Tile(pool.role, "draining")] * (pool.draining or 0)
