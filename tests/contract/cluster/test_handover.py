"""KEDA is paused before replicas are written, and gets back the initial ratio before it resumes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gtc_runtime.cluster.api.errors import KubeError
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.keda import HpaLate, Keda, PausedByOther, PauseStands
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_runtime.scenario.handover import RESUMED, RETRY_S, Handover
from gtc_spec import names
from gtc_spec.pools import ROLES, PDRatio
from tests.faulty_api.faults import Fault

from .conftest import TIMES, Cluster

Playing = asyncio.Task[None]
INITIAL, LARGE = PDRatio(2, 3), PDRatio(4, 4)
NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)


class Panel:
    """A handover at noon, on a clock that a test turns, with what it has told."""

    def __init__(self, kube: Kube) -> None:
        self.now_s = 1000.0
        lease = Lease(kube, "panel", TIMES)
        keda = Keda(kube, hpa_deadline_s=1.0)
        self.writer = Writer(kube, lease, Scaling(kube, 8, hold_s=0.05), keda, StateStore(kube))
        self.log = EventLog()
        self.handover = Handover(self.writer, INITIAL, self.log, lambda: self.now_s, lambda: NOON)

    def told(self) -> list[tuple[str, str]]:
        return [(event.kind, event.text) for event in self.log.newest()]


@pytest.fixture
def panel(kube: Kube) -> Panel:
    return Panel(kube)


def holders(cluster: Cluster) -> list[str | None]:
    return [cluster.annotations(role).get(names.ANNOTATION_PAUSED_BY) for role in ROLES]


def desired(cluster: Cluster) -> PDRatio:
    return PDRatio(cluster.desired("prefill"), cluster.desired("decode"))


async def test_taking_pauses_keda_in_our_name(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.take()

    assert holders(cluster) == ["panel", "panel"]
    assert cluster.hpas() == set()
    assert panel.told() == [("keda", "KEDA paused; the scenario drives scaling")]


async def test_giving_back_orders_the_initial_ratio_and_resumes(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.take()
    await panel.writer.scaling.set_ratio(LARGE)

    await panel.handover.give_back()

    assert desired(cluster) == INITIAL
    assert len(cluster.hpas()) == 2
    assert panel.told()[-1] == ("keda", RESUMED)
    await panel.handover.retry(9e9)
    assert len(panel.told()) == 2


async def test_keda_resumes_although_the_ratio_could_not_be_set(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.take()
    cluster.set_desired("prefill", 4)
    cluster.faults.add(
        Fault("PATCH", "prefillworker/scale", 403, body='{"message": "ask"}', times=-1)
    )

    await panel.handover.give_back()

    assert len(cluster.hpas()) == 2
    (kind, text), last = panel.told()[-2:]
    assert kind == "warning"
    assert "ask" in text
    assert last == ("keda", RESUMED)


async def test_a_resume_that_failed_is_tried_again_after_five_seconds(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.take()
    fault = cluster.faults.add(Fault("PATCH", "scaledobjects", 403, times=-1))
    with pytest.raises(KubeError):
        await panel.handover.resume()
    fault.times = 0

    await panel.handover.retry(1000.0 + RETRY_S - 0.1)
    assert holders(cluster) == ["panel", "panel"]
    assert RETRY_S == 5.0

    await panel.handover.retry(1000.0 + RETRY_S)
    assert holders(cluster) == [None, None]
    assert panel.told()[-1] == ("keda", RESUMED)


async def test_a_hold_keeps_its_ratio_until_its_end_and_is_resumed_then(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.hold(LARGE, NOON + timedelta(minutes=30))

    assert desired(cluster) == LARGE
    until = cluster.annotations("decode")[names.ANNOTATION_PAUSED_UNTIL]
    assert until == "2026-03-16T12:30:00+00:00"
    assert holders(cluster) == ["panel", "panel"]
    assert panel.told() == [("keda", "KEDA paused until 12:30 UTC; 4P:4D stays")]
    await panel.handover.retry(1000.0 + 1799.9)
    assert holders(cluster) == ["panel", "panel"]
    await panel.handover.retry(1000.0 + 1800.0)
    assert holders(cluster) == [None, None]


async def test_a_hold_whose_end_is_past_is_resumed_now_and_not_before_now(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.hold(LARGE, NOON - timedelta(minutes=1))

    await panel.handover.retry(999.9)
    assert holders(cluster) == ["panel", "panel"]
    await panel.handover.retry(1000.0)
    assert holders(cluster) == [None, None]


async def test_restoring_pauses_keda_for_that_moment_only(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    cluster.set_desired("prefill", 4)

    await panel.handover.restore()

    assert desired(cluster) == INITIAL
    assert holders(cluster) == [None, None]
    assert panel.told() == [("keda", RESUMED)]


async def test_restoring_under_a_foreign_pause_sets_the_ratio_and_leaves_the_pause(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    cluster.annotate("prefill", **{names.ANNOTATION_PAUSED: "true"})
    cluster.set_desired("prefill", 4)

    await panel.handover.restore()

    assert desired(cluster) == INITIAL
    assert cluster.annotations("prefill") == {names.ANNOTATION_PAUSED: "true"}
    assert panel.told() == []
    with pytest.raises(PausedByOther):
        await panel.handover.take()


async def test_a_pause_left_by_a_dead_panel_is_undone(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await Keda(panel.writer.kube).pause("dead")
    cluster.set_desired("decode", 5)

    await panel.handover.undo(await panel.writer.keda.status())

    assert desired(cluster) == INITIAL
    assert holders(cluster) == [None, None]


async def test_a_pause_with_an_end_to_come_stays_and_is_resumed_at_its_end(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await Keda(panel.writer.kube).pause("dead", until=NOON + timedelta(minutes=10))

    await panel.handover.undo(await panel.writer.keda.status())

    assert holders(cluster) == ["dead", "dead"]
    assert panel.told() == [("keda", "KEDA stays paused until 12:10 UTC")]
    await panel.handover.retry(1000.0 + 599.9)
    assert holders(cluster) == ["dead", "dead"]
    await panel.handover.retry(1000.0 + 600.0)
    assert holders(cluster) == [None, None]


async def test_where_keda_drives_there_is_nothing_to_undo(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    cluster.set_desired("decode", 5)

    await panel.handover.undo(await panel.writer.keda.status())

    assert cluster.desired("decode") == 5
    assert panel.told() == []


async def test_an_hpa_that_does_not_come_back_is_waited_for_again(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await panel.handover.take()
    keda_plays.cancel()
    with pytest.raises(HpaLate):
        await panel.handover.give_back()

    assert panel.told()[-1] != ("keda", RESUMED)
    await panel.handover.retry(1000.0 + RETRY_S)  # the same once more is a problem, no news
    assert "is not back after" in panel.handover.problem
    assert panel.told()[-1] != ("keda", RESUMED)


async def test_a_pause_whose_end_has_passed_is_undone_like_any_other(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await Keda(panel.writer.kube).pause("dead", until=NOON - timedelta(minutes=1))
    cluster.set_desired("decode", 5)

    await panel.handover.undo(await panel.writer.keda.status())

    assert desired(cluster) == INITIAL
    assert holders(cluster) == [None, None]


async def test_nothing_is_resumed_again_that_is_not_pending(
    cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    await Keda(panel.writer.kube).pause("other")
    await panel.handover.retry(9e9)
    assert holders(cluster) == ["other", "other"]

    await panel.handover.resume()
    await Keda(panel.writer.kube).pause("other")
    await panel.handover.retry(9e9)
    assert holders(cluster) == ["other", "other"]


async def away(cluster: Cluster, panel: Panel) -> list[Fault]:
    """From the second scaler's pause on nothing is written any more."""
    second = Fault("PATCH", names.scaler("decode"), 503, latency_s=0.2, times=-1)
    first = Fault("PATCH", names.scaler("prefill"), 503, times=0)
    return [cluster.faults.add(second), cluster.faults.add(first)]


BEGUN = {
    "take": lambda panel: panel.handover.take(),
    "hold": lambda panel: panel.handover.hold(LARGE, NOON + timedelta(hours=1)),
    "restore": lambda panel: panel.handover.restore(),
}


@pytest.mark.parametrize("begun", BEGUN)
async def test_a_pause_that_could_not_be_rolled_back_is_a_problem_until_it_is_ended(
    begun: str, cluster: Cluster, panel: Panel, keda_plays: Playing
) -> None:
    second, first = await away(cluster, panel)
    trying = asyncio.create_task(BEGUN[begun](panel))
    while holders(cluster)[0] is None:
        await asyncio.sleep(0.01)
    first.times = -1

    with pytest.raises(PauseStands, match="our own pause may stand"):
        await trying
    assert panel.handover.problem.startswith("keda is not resumed yet: ")
    assert panel.handover.problem.endswith("; tried again every 5 s")

    await panel.handover.retry(1000.0 + RETRY_S)
    assert holders(cluster)[0] == "panel"
    second.times = first.times = 0
    await panel.handover.retry(1000.0 + 2 * RETRY_S)
    assert holders(cluster) == [None, None]
    assert panel.handover.problem == ""
    assert len(cluster.hpas()) == 2
