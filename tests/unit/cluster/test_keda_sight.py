"""What a ScaledObject and its HPA say of the metrics that KEDA should see."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.cluster.keda_sight import deaf, unread

FALLBACK = {"type": "Fallback", "status": "True"}
READY = {"type": "Ready", "status": "True"}
TRIGGERS = [{"metadata": {"serverAddress": "http://a"}}, {"metadata": {}}]


def scaled(health: Any = None, *conditions: dict[str, str], triggers: Any = TRIGGERS) -> Any:
    return {
        "spec": {"triggers": triggers},
        "status": {"conditions": [READY, *conditions], "health": health},
    }


def failing(times: int = 3) -> dict[str, object]:
    return {"numberOfFailures": times, "status": "Failing"}


@pytest.mark.parametrize(
    ("scaled_object", "said"),
    [
        ({}, ""),
        (scaled(), ""),
        (scaled({"s0-prometheus": {"numberOfFailures": 0, "status": "Happy"}}), ""),
        (
            scaled({"s0-prometheus": failing(1)}),
            "s0-prometheus at http://a failed 1 times in a row",
        ),
        (scaled({"s1-prometheus": failing()}), "s1-prometheus failed 3 times in a row"),
        (scaled({"odd": failing()}), "odd failed 3 times in a row"),
        (
            scaled({"s0-x": failing(), "s1-x": failing(4)}),
            "s0-x at http://a failed 3 times in a row; s1-x failed 4 times in a row",
        ),
        (
            scaled({"s0-x": failing(6)}, FALLBACK),
            "s0-x at http://a failed 6 times in a row: its fallback makes the metric up",
        ),
        (scaled(None, FALLBACK), "a trigger cannot be read: its fallback makes the metric up"),
    ],
)
def test_failures_that_keda_counts_are_told_with_their_trigger(
    scaled_object: Any, said: str
) -> None:
    assert unread(scaled_object) == said


@pytest.mark.parametrize(
    ("ready", "said"),
    [
        ({"status": "Unknown"}, ""),
        ({"status": "Unknown", "reason": "PartialTriggerError", "message": "some"}, "some"),
        ({"status": "False", "reason": "TriggerError", "message": "none\nof them"}, "none of them"),
        ({"status": "False", "reason": "TriggerError"}, "TriggerError"),
        ({"status": "False"}, "not ready"),
    ],
)
def test_without_a_fallback_ready_tells_it(ready: dict[str, str], said: str) -> None:
    assert unread({"status": {"conditions": [{"type": "Ready", **ready}]}}) == said


@pytest.mark.parametrize(
    ("active", "said"),
    [
        ({"status": "True"}, ""),
        ({"status": "Unknown"}, ""),
        ({"status": "False", "reason": "ScalingDisabled", "message": "zero"}, ""),
        ({"status": "False", "reason": "FailedGetExternalMetric", "message": "no\nway"}, "no way"),
        ({"status": "False", "lastTransitionTime": "t"}, "no reason given (since t)"),
    ],
)
def test_an_hpa_without_its_metric_says_why_and_since_when(
    active: dict[str, str], said: str
) -> None:
    assert deaf({"status": {"conditions": [{"type": "ScalingActive", **active}]}}) == said


odd = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=2)
healths = odd | st.dictionaries(st.text(max_size=3), odd | st.just(failing()), max_size=2)


@given(odd | st.fixed_dictionaries({}, optional={"triggers": odd}), healths)
def test_whatever_the_document_one_line_is_said(spec: Any, health: Any) -> None:
    said = unread({"spec": spec, "status": {"health": health}})

    assert "\n" not in said
