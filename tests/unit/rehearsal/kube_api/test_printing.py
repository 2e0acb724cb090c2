"""What ends up in the columns of kubectl."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_rehearsal.kube_api.objects import stamp
from gtc_rehearsal.kube_api.tables import jsonpath
from gtc_rehearsal.kube_api.tables.ages import age, duration
from gtc_rehearsal.kube_api.tables.pod_columns import pod_ready, pod_restarts, pod_status

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
SCALER = {
    "spec": {"triggers": [{"type": "prometheus"}, {"type": "cron"}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Paused"}]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".spec.triggers[1].type", "cron"),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        ('.status.conditions[?(@.type=="Paused")].status', None),
        ('.status.conditions[?(@.type=="Other")].status', None),
        (".spec.absent.deeper", None),
        (".spec.triggers[7].type", None),
        (".spec.triggers.type", None),
        ("nonsense", None),
    ],
)
def test_a_json_path_finds_the_first_value(path: str, value: object) -> None:
    assert jsonpath.first(SCALER, path) == value


def test_a_json_path_member_may_hold_escaped_dots() -> None:
    labels = {"labels": {"a.b/c": "yes"}}

    assert jsonpath.first(labels, r".labels.a\.b/c") == "yes"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (190, "3m10s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 120, "3h2m"),
        (30 * 3600, "30h"),
        (3 * 86400, "3d"),
        (3 * 86400 + 3600, "3d1h"),
        (30 * 86400, "30d"),
        (3 * 365 * 86400, "3y"),
        (-1, "0s"),
        (-9, "<invalid>"),
    ],
)
def test_a_duration_is_short(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@given(st.integers(0, 10**9))
def test_an_age_counts_from_the_time_stamp(seconds: int) -> None:
    assert age(stamp(NOW - timedelta(seconds=seconds)), NOW) == duration(seconds)


@pytest.mark.parametrize(("since", "text"), [(None, "<unknown>"), ("yesterday", "<invalid>")])
def test_an_age_without_a_time_says_so(since: str | None, text: str) -> None:
    assert age(since, NOW) == text


def test_a_pod_that_waits_says_why() -> None:
    waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}, "ready": False}
    pod = {"status": {"phase": "Pending", "containerStatuses": [waiting]}}

    assert (pod_status(pod), pod_ready(pod)) == ("ContainerCreating", "0/1")


def test_a_pod_that_is_deleted_is_terminating() -> None:
    pod = {"metadata": {"deletionTimestamp": "x"}, "status": {"phase": "Running"}}

    assert pod_status(pod) == "Terminating"


def test_restarts_of_all_containers_add_up() -> None:
    pod = {"status": {"containerStatuses": [{"restartCount": 2}, {"restartCount": 1}, {}]}}

    assert pod_restarts(pod) == 3
