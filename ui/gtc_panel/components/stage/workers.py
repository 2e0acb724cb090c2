"""Both worker pools: ready ones solid, starting ones as ghosts, the rest up to the limit empty."""

from __future__ import annotations

from gtc_panel import stage_text, text
from gtc_panel.components.basics import box, swap, words
from gtc_panel.components.pool_tiles import TileState
from gtc_panel.port import PanelPort
from gtc_runtime.formats import whole
from gtc_runtime.view import DemoView, PoolView, freshness
from gtc_spec.environment import Environment
from gtc_spec.pools import ROLES, Role


class WorkerSlots:
    """One row a pool; ``2/4`` is ready of desired, as on the control page."""

    def __init__(self, panel: PanelPort) -> None:
        with box("tile-box stage-pools"):
            words(stage_text.WORKERS, "tile-name")
            self._rows = {
                role: _Row(role, limit(panel.environment, role), panel.environment.slots)
                for role in ROLES
            }

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.cluster_age_s)
        by_role = {pool.role: pool for pool in view.pools} if fresh != "gone" else {}
        for role, row in self._rows.items():
            row.show(by_role.get(role, PoolView(role)))
            swap(row.box, "is-", fresh)


class _Row:
    def __init__(self, role: Role, most: int, total: int) -> None:
        self._most = most
        with box(f"stage-pool role-{role}") as self.box:
            with box("stage-pool-what"):
                words(role, "stage-pool-name")
                self._count = words("", "stage-pool-count").mark(role)
            with box("stage-slots"):
                self._slots = [box(f"tile tile-role-{role}") for _ in range(total)]

    def show(self, pool: PoolView) -> None:
        self._count.set_text(text.of_desired(whole(pool.ready), whole(pool.desired)))
        states = slots(pool, self._most)
        for place, slot in enumerate(self._slots):
            slot.set_visibility(place < len(states))
            swap(slot, "tile-state-", states[place] if place < len(states) else "free")


def limit(environment: Environment, role: Role) -> int:
    """Most workers that a pool gets from KEDA or from the show: the end of its scale."""
    segments = environment.timeline.segments
    orders = [order.ratio.of(role) for segment in segments for order in segment.orders]
    return max(environment.pools.of(role).scale.max, environment.initial_ratio.of(role), *orders)


def slots(pool: PoolView, most: int) -> list[TileState]:
    """What each place of a pool shows, from left to right; one more place when somebody asks."""
    if pool.ready is None:
        return ["unknown"] * most
    held: list[TileState] = ["ready"] * pool.ready
    held += ["draining"] * (pool.draining or 0)
    held += ["pending"] * (pool.pending or 0)
    return held + ["free"] * (most - len(held))
