"""The conductor on a cluster that behaves like one: who scales, in which order, who cleans up."""

import asyncio
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from gtc_runtime.actor import Actor
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.scenario.story import judge
from gtc_runtime.service import DemoService
from gtc_runtime.settings import Settings
from gtc_spec import names
from gtc_spec.errors import GtcError
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix
from tests.app.conftest import SHOW, N, NewPanel, Panel, World
from tests.faulty_api.faults import Fault

PRESENTER = Actor("page", "10.0.0.7")
INITIAL, GROWN = PDRatio(2, 3), PDRatio(4, 3)


# -- a whole cycle -------------------------------------------------------------------------------


async def test_a_cycle_pauses_keda_scales_ahead_and_leaves_everything_as_it_was(
    world: World, panel: Panel
) -> None:
    await panel.service.auto(once=True)
    assert world.paused()
    assert world.hpas() == set()
    assert world.pauser() == panel.view.holder

    report = await asyncio.wait_for(panel.service.cycle_report(), 40)

    desired = {phase["name"]: phase["pools"]["prefill"]["desired"] for phase in report["phases"]}
    ready = {phase["name"]: phase["pools"]["prefill"]["ready"] for phase in report["phases"]}
    assert list(desired) == ["BALANCED", "PREFILL_RECOVERY", "COOLDOWN"]
    assert (desired["BALANCED"][0], desired["COOLDOWN"][-1]) == (2, 2)
    assert 4 in desired["PREFILL_RECOVERY"]
    assert 4 in ready["PREFILL_RECOVERY"]
    assert report["keda"] == {"paused": False}
    assert report["pools_final"] == {"prefill": 2, "decode": 3}
    assert not world.paused()
    assert len(world.hpas()) == 2
    totals = report["totals"]
    assert totals["due"] == totals["ok"] + totals["shed"] + totals["failed"] > 20
    assert totals["failed"] == 0
    assert sum(phase["requests"]["due"] for phase in report["phases"]) == totals["due"]
    assert_in_order(
        [event["text"] for event in report["events"]],
        "KEDA paused; the scenario drives scaling",
        "Balanced",
        "Ordered ahead for Prefill recovery: 2 more prefill workers, a start takes about 2 s",
        "Prefill recovery",
        "Prefill recovery settles",
        "2 prefill workers less: draining",
        "Cooldown",
        "auto mode ends: the cycle is over",
        "KEDA resumed; it drives scaling",
    )
    assert panel.view.mode == "manual"
    assert panel.view.load.running is False
    assert panel.view.phase.name == "IDLE"
    assert judge(world.environment, report["phases"])


async def test_claims_of_the_view_are_those_of_the_report_and_stay_until_the_next_cycle(
    world: World, panel: Panel
) -> None:
    await panel.service.auto(once=True)
    await panel.until(lambda view: bool(view.claims))
    assert {claim.state for claim in panel.view.claims} == {"measuring"}

    report = await asyncio.wait_for(panel.service.cycle_report(), 40)

    view = await panel.until(lambda view: all(each.state != "measuring" for each in view.claims))
    found = [(each.phase, each.value, each.limit, each.state == "held") for each in view.claims]
    verdicts = {each.phase: each for each in judge(world.environment, report["phases"])}
    recovery = verdicts["PREFILL_RECOVERY"]
    assert found == [(recovery.phase, recovery.value, recovery.limit, recovery.passed)]
    assert recovery.value is not None

    reset = asyncio.create_task(panel.service.reset())
    while not reset.done():  # no claim is judged by statistics that are gone
        assert panel.view.claims in ((), view.claims)
        await asyncio.sleep(0.02)
    assert panel.view.claims == ()


def assert_in_order(told: list[str], *wanted: str) -> None:
    rest = iter(told)
    for text in wanted:
        assert any(each == text for each in rest), f"{text!r} is missing or too early in {told}"


# -- auto and manual -----------------------------------------------------------------------------


async def test_manual_restores_the_initial_ratio_before_keda_gets_it_back(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await world.until(lambda: world.desired() == GROWN)
    seen: list[tuple[PDRatio, bool]] = []

    async def watch() -> None:
        while True:
            seen.append((world.desired(), world.paused()))
            await world.store.changed(world.store.revision, 1.0)

    watcher = asyncio.create_task(watch())
    await panel.service.manual()
    watcher.cancel()

    resumed = next(index for index, (_, paused) in enumerate(seen) if not paused)
    assert all(paused for ratio, paused in seen if ratio != INITIAL)
    assert all(ratio == INITIAL for ratio, _ in seen[resumed:])
    assert len(world.hpas()) == 2
    assert panel.view.mode == "manual"


async def test_manual_lets_the_load_go_on_and_stop_ends_it(world: World, panel: Panel) -> None:
    await panel.service.auto()
    await panel.until(lambda view: view.load.rps == 4)

    await panel.service.manual()
    assert (panel.view.load.running, panel.view.load.rps) == (True, 4)

    await panel.service.stop_load()
    assert panel.view.load.running is False


async def test_stopping_the_load_in_auto_ends_auto(world: World, panel: Panel) -> None:
    await panel.service.auto()

    await panel.service.stop_load()

    assert panel.view.load.running is False
    await panel.until_mode("manual")
    assert not world.paused()


async def test_a_stop_is_answered_once_the_load_is_off_and_its_repeat_changes_nothing(
    world: World, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving KEDA its pools takes up to half a minute; whoever presses Stop waits a second."""
    monkeypatch.setattr(panel.service._cluster.writer.scaling, "_hold_s", 4.0)
    await panel.service.auto()
    await world.until(lambda: world.desired() == GROWN)
    began = time.monotonic()

    await panel.service.stop_load(by=PRESENTER)

    assert time.monotonic() - began < 3
    assert (panel.view.mode, panel.view.load.running) == ("stopping", False)
    await panel.service.stop_load(by=PRESENTER)
    await panel.until_mode("manual")
    await panel.service.stop_load(by=PRESENTER)
    assert panel.told.count("load stopped") == 1
    assert panel.view.control.resume_s is not None
    assert not world.paused()


async def test_what_fails_after_a_stop_is_told_and_the_stop_stands(
    world: World, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel.service._cluster.writer.keda, "_hpa_deadline_s", 0.2)
    await panel.service.auto()
    assert world.keda_task
    world.keda_task.cancel()

    await panel.service.stop_load(by=PRESENTER)

    assert panel.view.load.running is False
    told = await panel.until_told("is not back after")
    assert {each.text: each.actor for each in panel.view.events}[told] == str(PRESENTER)
    await panel.until_mode("manual")


async def test_what_the_conductor_does_on_command_names_its_giver_to_the_end(
    world: World, panel: Panel
) -> None:
    await panel.service.auto(by=PRESENTER)
    control = panel.view.control
    assert (control.scaler, control.by) == ("SCENARIO", "page 10.0.0.7")

    await panel.service.stop_load(by=Actor("gtc", "127.0.0.1"))

    await panel.until_mode("manual")
    actors = {event.text: event.actor for event in panel.view.events}
    assert actors["Balanced"] == "page 10.0.0.7"
    assert actors["load stopped"] == "gtc 127.0.0.1"
    assert actors["auto mode ends: on request of gtc 127.0.0.1"] == "gtc 127.0.0.1"
    assert actors["KEDA resumed; it drives scaling"] == "gtc 127.0.0.1"
    await panel.until(lambda view: view.control.scaler == "KEDA")
    assert panel.view.control.by == "gtc 127.0.0.1"


async def test_while_the_scenario_drives_nobody_else_changes_the_load(panel: Panel) -> None:
    await panel.service.auto()

    with pytest.raises(GtcError, match="while the scenario drives"):
        await panel.service.set_load(9.0, None)
    with pytest.raises(GtcError, match="while the scenario drives"):
        await panel.service.start_load()


async def test_auto_twice_is_auto_once(world: World, panel: Panel) -> None:
    await asyncio.gather(panel.service.auto(), panel.service.auto())

    assert panel.told.count("Balanced") == 1


async def test_a_pause_of_somebody_else_is_respected(world: World, panel: Panel) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true"})

    with pytest.raises(GtcError, match="paused by somebody else"):
        await panel.service.auto()

    assert panel.view.mode == "manual"
    assert world.paused()
    assert world.pauser() is None


async def test_a_pause_of_somebody_else_is_taken_over_on_demand_and_ends_with_the_show(
    world: World, panel: Panel
) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true"})

    await panel.service.auto(take_over=True, by=PRESENTER)

    assert world.pauser() == panel.view.holder
    told = await panel.until_told("a pause of somebody else is taken over")
    assert "gtc-demo-prefill-scaler has autoscaling.keda.sh/paused: true" in told

    await panel.service.manual()

    assert not world.paused()
    await panel.until_told("with it ended the pause of somebody else: gtc-demo-prefill-scaler")


async def test_a_pause_that_failed_half_way_is_ended_as_soon_as_that_is_possible(
    world: World, panel: Panel
) -> None:
    """Its roll-back fails too, and the panel lives on: the guardian would not act."""
    world.api.faults.add(Fault("PATCH", "decode-scaler", 403, latency_s=0.4))
    second = world.api.faults.add(Fault("PATCH", "prefill-scaler", 403, times=0))
    starting = asyncio.create_task(panel.service.auto())
    await world.until(lambda: bool(world.pauser("prefill")))
    second.times = 1
    with pytest.raises(GtcError):
        await starting
    await world.until(lambda: not world.paused())
    await panel.until_told("KEDA resumed")


@pytest.mark.slow
async def test_keda_that_comes_back_late_is_resumed_all_the_same(
    world: World, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The annotations go at once; the HPAs follow when KEDA's operator is back."""
    monkeypatch.setattr(panel.service._cluster.writer.keda, "_hpa_deadline_s", 0.5)
    await panel.service.auto()
    assert world.keda_task
    world.keda_task.cancel()

    with pytest.raises(GtcError, match="is not back after"):
        await panel.service.manual()
    assert not world.paused()
    assert panel.view.mode == "manual"

    world.start_keda()
    await panel.until_told("KEDA resumed")


# -- what the presenter may do -------------------------------------------------------------------


async def test_a_show_that_is_held_stands_still_until_it_is_released(panel: Panel) -> None:
    await panel.service.auto()

    await panel.service.hold(True, by=PRESENTER)
    left_s = panel.view.phase.ends_in_s
    await asyncio.sleep(3.5)  # longer than the phase

    view = panel.view
    assert (view.control.holding, view.phase.name) == (True, "BALANCED")
    assert view.phase.ends_in_s == left_s
    assert (view.load.running, view.load.rps) == (True, 4)

    await panel.service.hold(False, by=PRESENTER)
    await panel.until(lambda view: view.phase.name == "PREFILL_RECOVERY")
    assert panel.view.control.holding is False


async def test_a_phase_is_made_longer_and_left_early(panel: Panel) -> None:
    await panel.service.auto()

    await panel.service.extend(by=PRESENTER)
    view = panel.view
    assert view.phase.ends_in_s == pytest.approx(33, abs=1.5)
    assert view.control.next is not None
    assert view.control.next.phase == "PREFILL_RECOVERY"

    await panel.until(lambda view: view.phase.elapsed_s > 2)
    await panel.service.next_phase(by=PRESENTER)
    view = panel.view
    assert (view.phase.name, view.phase.waiting_for_workers) == ("PREFILL_RECOVERY", True)
    actors = {event.text: event.actor for event in view.events}
    assert actors["Balanced is 30 s longer"] == "page 10.0.0.7"
    assert actors["Prefill recovery; gone on to early"] == "page 10.0.0.7"

    ready = await panel.until(lambda view: not view.phase.waiting_for_workers)
    assert ready.phase.name == "PREFILL_RECOVERY"


async def test_a_cycle_that_is_hurried_through_ends_as_any_other(
    world: World, panel: Panel
) -> None:
    await panel.service.auto(once=True)
    for _ in range(3):
        await panel.until(lambda view: view.phase.elapsed_s > 2)
        await panel.service.next_phase()

    assert panel.view.mode == "manual"
    report = await asyncio.wait_for(panel.service.cycle_report(), 20)
    assert [phase["name"] for phase in report["phases"]] == [item["name"] for item in SHOW]
    assert sum(phase["length_s"] for phase in report["phases"]) < 12
    assert not world.paused()
    assert world.desired() == INITIAL


async def test_a_show_can_be_steered_only_while_it_runs(panel: Panel) -> None:
    service = panel.service
    for command in (service.hold(True), service.extend(), service.next_phase()):
        with pytest.raises(GtcError, match="no show is running"):
            await command


async def test_a_show_that_was_stopped_by_mistake_goes_on_where_it_was(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await panel.until(lambda view: view.phase.name == "PREFILL_RECOVERY")
    await panel.service.extend()

    await panel.service.stop_load(by=PRESENTER)
    stopped = panel.view
    assert stopped.load.running is False
    assert stopped.control.resume_s == pytest.approx(9, abs=2)

    await panel.service.resume_show(by=PRESENTER)

    view = panel.view
    assert (view.mode, view.phase.name, view.load.running) == ("auto", "PREFILL_RECOVERY", True)
    assert view.control.resume_s is None
    assert world.paused()
    await world.until(lambda: world.desired() == GROWN)
    await panel.until_told("Prefill recovery; the show is resumed")
    assert view.phase.waiting_for_workers
    stored = world.stored()
    assert (stored["mode"], stored["phase"]) == ("auto", "PREFILL_RECOVERY")


async def test_a_cycle_that_was_asked_for_is_over_only_when_it_can_not_be_resumed(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await panel.service.auto(once=True)
    report = asyncio.create_task(panel.service.cycle_report())

    await panel.service.stop_load()
    await panel.until_mode("manual")
    await asyncio.sleep(0.5)
    await panel.service.resume_show()
    await asyncio.sleep(0.5)
    assert not report.done()

    await panel.service.stop_load()
    modes = panel.service._lead._modes
    now_s = modes._clock()
    monkeypatch.setattr(modes, "_clock", lambda: now_s + 10)
    with pytest.raises(GtcError, match="broken off"):
        await asyncio.wait_for(report, 5)


async def test_a_stop_pressed_twice_can_still_be_taken_back(panel: Panel) -> None:
    await panel.service.auto()
    await panel.service.stop_load()
    await panel.service.stop_load()

    await panel.service.resume_show()

    assert panel.view.mode == "auto"


@pytest.mark.parametrize("act", ["set_load", "start_load", "manual_then_auto", "reset"])
async def test_a_show_is_not_resumed_over_what_somebody_has_done_since(
    panel: Panel, act: str
) -> None:
    service = panel.service
    await service.auto()
    await service.stop_load()
    if act == "set_load":
        await service.set_load(9.0, None)
    elif act == "start_load":
        await service.start_load()
    elif act == "reset":
        await service.reset()
    else:
        await service.auto()
        await service.manual()

    assert panel.view.control.resume_s is None
    with pytest.raises(GtcError, match="somebody has acted since"):
        await service.resume_show()


async def test_ten_seconds_after_its_stop_a_show_is_over(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await panel.service.auto()
    await panel.service.stop_load()
    modes = panel.service._lead._modes
    now_s = modes._clock()

    monkeypatch.setattr(modes, "_clock", lambda: now_s + 10)

    assert panel.view.control.resume_s is None
    with pytest.raises(GtcError, match="in the last 10 s"):
        await panel.service.resume_show()


async def test_a_change_of_rate_or_mix_is_taken_back(panel: Panel) -> None:
    first = (panel.view.load.rps, panel.view.load.mix)
    await panel.service.set_load(9.0, WorkloadMix(0, 0, 100), by=PRESENTER)
    assert panel.view.control.undo == "4 rps, 40/30/30"
    await panel.until_told("load set: 9 rps, 0/0/100")

    await panel.service.undo(by=PRESENTER)

    assert (panel.view.load.rps, panel.view.load.mix) == first
    assert panel.view.control.undo == ""
    assert panel.view.events[-1].actor == "page 10.0.0.7"
    with pytest.raises(GtcError, match="no change of rate or mix to undo"):
        await panel.service.undo()


async def test_the_scenario_is_not_undone(panel: Panel) -> None:
    await panel.service.set_load(9.0, None)
    await panel.service.auto()

    assert panel.view.control.undo == ""
    with pytest.raises(GtcError, match="while the scenario drives"):
        await panel.service.undo()


# -- the end of the process ----------------------------------------------------------------------


async def test_a_panel_that_ends_in_auto_leaves_the_cluster_in_order(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await world.until(lambda: world.desired() == GROWN)

    await panel.service.stop()

    assert world.desired() == INITIAL
    assert not world.paused()
    assert world.lease()["holderIdentity"] == ""


async def test_a_panel_that_ends_while_it_leaves_auto_still_gives_keda_its_pools(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await world.until(lambda: world.desired() == GROWN)

    leaving = asyncio.create_task(panel.service.manual())
    await panel.until_mode("stopping")
    await panel.service.stop()
    leaving.cancel()

    assert world.desired() == INITIAL
    assert not world.paused()


# -- two panels ----------------------------------------------------------------------------------


async def test_a_second_panel_only_shows_and_takes_over_when_the_first_one_ends(
    panel: Panel, new_panel: NewPanel
) -> None:
    second = await new_panel()
    await second.until_mode("read-only")

    for command in (second.service.auto, second.service.reset, second.service.start_load):
        with pytest.raises(
            GtcError, match=r"^panel@\S+ holds the lease and leads; this panel only shows"
        ):
            await command()
    await second.until(lambda view: "holds the lease and leads" in view.problem)
    assert second.view.holder == panel.view.holder != ""

    await panel.service.stop()
    await second.until_mode("manual")
    assert second.view.holder


async def test_a_panel_that_lost_the_lease_stops_its_load_and_touches_nothing(
    world: World, panel: Panel
) -> None:
    await panel.service.auto()
    await world.until(lambda: world.desired() == GROWN)
    kube = await Kube.connect(N, str(world.kubeconfig))
    rival = Lease(kube, "panel@elsewhere/1/1/abc123")

    assert await rival.acquire(force=True)
    await panel.until_mode("read-only")
    await kube.close()

    assert panel.view.load.running is False
    assert world.paused()
    assert world.desired() == GROWN
    await panel.until_told("another panel has taken the lease")


# -- after a crash -------------------------------------------------------------------------------


async def test_a_panel_after_a_crash_resumes_keda_and_says_what_it_found(
    world: World, new_panel: NewPanel
) -> None:
    world.scale(GROWN)
    world.annotate(
        {names.ANNOTATION_PAUSED: "true", names.ANNOTATION_PAUSED_BY: "panel@old/1/2/abc"}
    )
    world.remember({"mode": "auto", "phase": "PREFILL_STRESS", "epoch": 3, "schema": 1})

    panel = await new_panel()
    await panel.until_mode("manual")

    assert await panel.until_told("found auto mode in Prefill stress") == (
        "found auto mode in Prefill stress, left by a panel that died; its load is gone,"
        " KEDA is resumed now; the show is not continued: the stored state does not say where it"
        " stood"
    )
    assert not world.paused()
    assert world.desired() == INITIAL
    await world.until(lambda: world.stored()["mode"] == "manual")
    assert world.stored()["epoch"] > 3


async def test_a_process_of_this_host_that_died_is_succeeded_at_once(
    world: World, new_panel: NewPanel
) -> None:
    host, machine, *_ = own_identity("panel").split("/")
    world.hold_lease(f"{host}/{machine}/999999999/1/abc123")

    panel = await new_panel()

    await panel.until(lambda view: view.mode == "manual", within_s=5)


async def test_what_the_guardian_did_meanwhile_is_told(world: World, new_panel: NewPanel) -> None:
    event = {"at": "2026-03-01T12:00:00+00:00", "kind": "keda", "text": "the guardian resumed keda"}
    world.remember({"mode": "auto", "phase": "FULL_LOAD", "epoch": 3, "events": [event]})

    panel = await new_panel()

    await panel.until_told("earlier: the guardian resumed keda")
    assert "KEDA had been resumed" in await panel.until_told("found auto mode in Full load")


async def test_a_foreign_pause_survives_a_start(world: World, new_panel: NewPanel) -> None:
    world.annotate({names.ANNOTATION_PAUSED: "true"})

    panel = await new_panel()
    await panel.until_mode("manual")

    assert world.paused()
    await panel.until(lambda view: view.keda == "paused-by-other")


async def test_the_fallback_state_holds_while_the_load_goes_on(world: World, panel: Panel) -> None:
    await panel.service.set_load(5.0, WorkloadMix(0, 0, 100))
    await panel.service.start_load()
    until = datetime.now(UTC) + timedelta(minutes=90)

    await panel.service.prescale(until)

    assert (panel.view.load.running, panel.view.mode) == (True, "manual")
    assert world.desired() == panel.service.environment.full_ratio
    assert world.paused()
    assert f"until {until:%H:%M} UTC" in panel.view.keda_detail

    await panel.service.reset()

    assert not world.paused()
    assert world.desired() == INITIAL


async def test_a_new_panel_lets_the_fallback_state_stand(world: World, new_panel: NewPanel) -> None:
    until = datetime.now(UTC) + timedelta(minutes=90)
    world.scale(GROWN)
    world.annotate(
        {
            names.ANNOTATION_PAUSED: "true",
            names.ANNOTATION_PAUSED_BY: "prescale@old/1/2/abc",
            names.ANNOTATION_PAUSED_UNTIL: until.isoformat(),
        }
    )

    panel = await new_panel()
    await panel.until_mode("manual")

    await panel.until_told(f"KEDA stays paused until {until:%H:%M} UTC")
    assert world.paused()
    assert world.desired() == GROWN


# -- load and reset ------------------------------------------------------------------------------


async def test_manual_load_follows_rate_and_mix_while_it_runs(world: World, panel: Panel) -> None:
    await panel.service.set_load(10.0, WorkloadMix(0, 0, 100))
    assert panel.view.load.running is False

    await panel.service.start_load()
    await panel.until(lambda view: view.workloads["reasoning"].ok >= 5)
    await panel.service.set_load(3.0, None)

    assert panel.view.load.rps == 3
    assert panel.view.workloads["summarization"].due == 0


async def test_a_rate_out_of_range_is_clamped_and_one_that_is_none_refused(panel: Panel) -> None:
    await panel.service.set_load(10**400, None)
    await panel.service.start_load()
    assert panel.view.load.rps == panel.service.environment.load.rps_max

    await panel.service.set_load(-5, None)
    assert panel.view.load.rps == 0

    for nonsense in (float("nan"), float("inf"), True, "5"):
        with pytest.raises(GtcError, match="is not a number"):
            await panel.service.set_load(nonsense, None)


async def test_reset_ends_streams_zeroes_statistics_and_restores_the_ratio(
    world: World, panel: Panel
) -> None:
    world.frontend.word_s = 5.0
    await panel.service.set_load(10.0, WorkloadMix(0, 0, 100))
    await panel.service.start_load()
    await panel.until(lambda view: view.load.in_flight >= 3)
    world.scale(GROWN)

    await panel.service.reset()

    view = panel.view
    assert (view.load.running, view.load.in_flight, view.mode) == (False, 0, "manual")
    assert world.desired() == INITIAL
    assert not world.paused()
    await world.until(lambda: world.frontend.open == 0)
    await asyncio.sleep(0.6)  # two more snapshots: nothing late may arrive
    every = panel.view.workloads["all"]
    assert (every.due, every.ok, every.shed, every.failed) == (0, 0, 0, 0)


async def test_the_view_counts_good_answers_and_their_tokens_and_a_reset_forgets_them(
    panel: Panel,
) -> None:
    await panel.service.set_load(10.0, WorkloadMix(100, 0, 0))
    await panel.service.start_load()
    view = await panel.until(lambda view: (view.workloads["chat"].good_rps or 0) > 0)
    chat = view.workloads["chat"]
    assert chat.tpot.n > 0
    assert chat.tpot.p99_ms is not None
    assert view.load.turns > 0
    assert chat.failed_recent == 0

    await panel.service.reset()

    await asyncio.sleep(0.6)
    assert panel.view.load.turns == 0
    assert panel.view.workloads["chat"].good_rps is None


async def test_reset_in_auto_leaves_it_with_keda_scaling(world: World, panel: Panel) -> None:
    await panel.service.auto()
    await world.until(lambda: world.desired() == GROWN)

    await panel.service.reset()

    assert (panel.view.mode, panel.view.phase.name) == ("manual", "IDLE")
    assert world.desired() == INITIAL
    assert not world.paused()


@pytest.mark.slow
async def test_a_load_process_that_dies_is_told_and_started_again(
    world: World, panel: Panel
) -> None:
    # so many that some are open whenever it dies
    await panel.service.set_load(40.0, WorkloadMix(0, 0, 100))
    await panel.service.start_load()
    await panel.until(lambda view: view.workloads["all"].ok >= 3)
    pid = panel.service._load.pid
    assert pid

    os.kill(pid, signal.SIGKILL)

    await panel.until_told("the load process died and is started again")
    sent = world.frontend.requests
    await world.until(lambda: world.frontend.requests > sent + 3)
    every = (await panel.until(lambda view: view.workloads["all"].failed > 0)).workloads["all"]
    assert every.due >= every.ok + every.failed


# -- the twin beside it --------------------------------------------------------------------------


async def test_in_a_rehearsal_the_twin_is_of_what_the_rehearsal_simulates(panel: Panel) -> None:
    assert panel.view.cluster == "Rehearsal"
    assert panel.service.twin.simulated


async def test_where_the_workers_of_a_rehearsal_are_real_the_twin_is_of_gpus(world: World) -> None:
    settings = Settings(frontend_url=world.frontend.url, kubeconfig=str(world.kubeconfig))
    service = DemoService(world.environment, settings, real_workers=True)
    await service.start()
    try:
        assert service.fresh_view().cluster == "Rehearsal"
        assert not service.twin.simulated
    finally:
        await service.stop()
