"""A demo in order: everything that exists here is green, and quickly."""

from __future__ import annotations

from tests.contract.checks.conftest import World


async def test_a_demo_in_order_is_green_wherever_the_thing_exists(world: World) -> None:
    checks = await world.look()

    said = {name: f"{check.state}: {check.found}" for name, check in checks.items()}
    assert {name: state for name, state in said.items() if not state.startswith("green")} == {
        "grafana": "not-applicable: a rehearsal has no Grafana; the stage page stands in",
        "boards": "not-applicable: a rehearsal has no Grafana; the stage page stands in",
        "follow-ups": "not-applicable: no GRADIENT_API_KEY here: the bundled list would ask",
        "end date": "not-applicable: a rehearsal costs nothing and needs no end",
    }
    assert all(not check.hint for check in checks.values())
