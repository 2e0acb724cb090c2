"""What the view says of a source that has said nothing for too long: that nothing is known."""

from dataclasses import replace

from gtc_runtime.view import PoolView
from tests.app.conftest import Panel, World
from tests.contradictions import contradictions
from tests.faulty_api.faults import Fault

GAUGES = ("in_flight", "waiting", "streaming", "conversations")


async def test_of_a_cluster_that_is_silent_for_long_nothing_is_told(
    panel: Panel, world: World
) -> None:
    world.api.faults.add(Fault(status=503, times=-1))
    await panel.until(lambda view: bool(view.problem))
    cluster = panel.service._cluster
    assert cluster
    assert cluster.poller.newest
    assert panel.view.pools[0].ready is not None  # old, and not too old to be shown

    cluster.poller.newest = replace(cluster.poller.newest, at_s=cluster.poller.newest.at_s - 60)

    view = panel.view
    assert (view.pools, view.pods) == ((PoolView("prefill"), PoolView("decode")), ())
    assert (view.keda, view.keda_detail, view.control.scaler) == ("unknown", "", None)
    assert contradictions(view.to_json()) == []


async def test_of_a_load_process_that_is_silent_no_request_is_counted(panel: Panel) -> None:
    await panel.until(lambda view: view.load.in_flight == 0)

    await panel.service._load.stop()
    panel.service._load._newest = None

    view = panel.view
    assert [getattr(view.load, name) for name in GAUGES] == [None] * len(GAUGES)
    assert view.load.light == "unknown"
    assert view.phase.sentence.text == "No figures now: the load client does not report."
