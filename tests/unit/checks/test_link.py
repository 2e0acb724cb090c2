"""The bound on the KV link that can be had from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from gtc_runtime.checks.scene import Scene
from gtc_runtime.checks.verify import link
from gtc_runtime.checks.verify.proof import Proof
from gtc_runtime.settings import Settings
from gtc_runtime.verdict import NotApplicable
from gtc_spec.environment import load

PROD = load("prod")
PROOF = Proof(Scene(PROD, Settings(_env_file=None)), cast(Any, None), None)
PROMPT_BYTES = 2.5e9


def bound_of(outside_s: float) -> tuple[str, str]:
    found = link._judged(PROOF, "all workers on one node", PROMPT_BYTES, outside_s)
    return found.state, found.found


def test_a_link_that_reaches_half_of_what_was_planned_is_fast_enough() -> None:
    enough_s = PROMPT_BYTES / (link.SHARE_MIN * PROD.rehearsal.kv_link_gb_s * 1e9)
    state, told = bound_of(0.99 * enough_s)
    assert state == "green"
    assert "at least 10.1 GB/s" in told
    assert bound_of(1.01 * enough_s)[0] == "red"


def test_a_transfer_that_hides_behind_prefill_is_no_failure() -> None:
    assert bound_of(-0.01)[0] == "green"


async def test_a_rehearsal_is_not_measured() -> None:
    rehearsed = replace(PROOF, scene=replace(PROOF.scene, rehearsal=True))
    with pytest.raises(NotApplicable, match="computes transfers"):
        await link.link(rehearsed)
