"""What a comparison says of where it was made."""

from __future__ import annotations

from typing import Any

import pytest

from gtc_cli.compare.verb import _simulated
from gtc_cli.target.target import Target
from gtc_runtime import settings


@pytest.mark.parametrize(
    ("notes", "simulated"),
    [({"workers": "vllm"}, False), ({"workers": "simulated"}, True), ({}, True), (None, True)],
)
def test_only_a_rehearsal_that_says_so_has_real_workers(
    notes: dict[str, Any] | None, simulated: bool
) -> None:
    assert _simulated(Target(settings.read(), notes, None)) is simulated
