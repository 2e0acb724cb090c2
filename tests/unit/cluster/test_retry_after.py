"""How long a call waits before it is made again."""

import time

import pytest

from gtc_runtime.cluster.api.transport import RETRY_AFTER_MAX_S, Answer, Limits, Transport


@pytest.mark.parametrize(
    ("asked_s", "kept_s"), [(0.0, 0.0), (7.0, 7.0), (30.0, 30.0), (3600.0, 30.0)]
)
def test_what_a_server_asks_for_is_kept_to_up_to_30_s(asked_s: float, kept_s: float) -> None:
    transport = Transport(None, None, Limits(), time.monotonic)  # type: ignore[arg-type]
    waits_s = [transport._wait_s(Answer(429, b"", retry_after_s=asked_s), 1) for _ in range(50)]
    assert RETRY_AFTER_MAX_S == 30.0
    assert all(kept_s < wait_s <= kept_s + 0.3 for wait_s in waits_s)
    assert len(set(waits_s)) > 1  # spread, so that not all come at the same moment
