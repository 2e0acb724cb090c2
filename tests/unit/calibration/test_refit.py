"""A profile that requests were made from is found again from the requests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.calibration import document
from gtc_runtime.calibration.live_run import Answered, LiveRun
from gtc_runtime.calibration.refit import Refit, refit
from gtc_runtime.planning.hardware import Hardware
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from gtc_spec.pools import PDRatio
from gtc_spec.profiles.profile import Profile, names
from tests.unit.calibration.truth import Truth

LARGE = Profile.load("llama-3.1-70b.h200.fp8")
PROD = load("prod")
ONE = PDRatio(1, 1)


@settings(max_examples=12, deadline=None)
@given(
    st.floats(0.7, 1.4), st.floats(0.7, 1.4), st.floats(5, 80), st.floats(1, 30), st.integers(1, 99)
)
def test_what_a_run_was_made_from_is_found_within_two_percent(
    prefill: float, decode: float, request_ms: float, link_gb_s: float, seed: int
) -> None:
    truth = Truth(prefill=prefill, decode=decode, request_ms=request_ms, link_gb_s=link_gb_s)

    found = refit(PROD, LARGE, truth.run(seed=seed), ONE, 20)

    assert found.prefill == pytest.approx(prefill, rel=0.02)
    assert found.decode == pytest.approx(decode, rel=0.02)
    assert found.link_gb_s == pytest.approx(link_gb_s, rel=0.02)
    assert found.request_ms == pytest.approx(request_ms, rel=0.02, abs=0.5)


@pytest.mark.parametrize("name", names())
def test_a_refit_is_the_inverse_of_the_twin(name: str) -> None:
    truth = Truth(name)

    found = refit(truth.environment, truth.profile, truth.run(), ONE, 7)

    twin = truth.hardware
    assert found.prefill == pytest.approx(1, abs=0.03)
    assert found.decode == pytest.approx(1, abs=0.01)
    assert found.link_gb_s == pytest.approx(twin.link_gb_s, rel=0.1)
    assert found.request_ms == pytest.approx(1000 * twin.host_s, abs=0.5)


@pytest.mark.parametrize("name", [name for name in names() if "-70b." in name])
def test_it_is_so_under_load_where_stalls_and_waits_are_the_twins(name: str) -> None:
    truth = Truth(name, rps=0.6)

    found = refit(truth.environment, truth.profile, truth.run(200), ONE, 20)

    assert found.prefill == pytest.approx(1, abs=0.03)
    assert found.decode == pytest.approx(1, abs=0.01)


def test_a_second_refit_changes_nothing() -> None:
    run = Truth(prefill=1.2, decode=0.8).run()
    fitted = refit(PROD, LARGE, run, ONE, 20).applied(LARGE, "large", "a run")

    again = refit(PROD, fitted, run, ONE, 20)

    assert (again.prefill, again.decode) == (
        pytest.approx(1, rel=0.002),
        pytest.approx(1, rel=0.002),
    )


def test_noise_of_a_tenth_leaves_prefill_and_steps_and_tells_no_link() -> None:
    run = Truth(prefill=1.1, decode=0.9, link_gb_s=20).run(200, noise=0.1)

    found = refit(PROD, LARGE, run, ONE, 20)

    assert found.link_gb_s is None
    assert found.prefill == pytest.approx(1.1, rel=0.05)
    assert found.decode == pytest.approx(0.9, rel=0.02)


def test_a_host_that_takes_less_than_nothing_takes_nothing() -> None:
    run = Truth(request_ms=0).run()
    sooner = [replace(each, send_s=each.send_s + 0.004) for each in run.answered]

    found = refit(PROD, LARGE, LiveRun(tuple(sooner), (), ()), ONE, 20)

    assert found.request_ms == 0
    assert found.prefill == pytest.approx(1, abs=0.05)


def test_a_few_first_tokens_that_come_before_their_cache_could_are_left_out() -> None:
    run = Truth(prefill=1.1).run(noise=0.1)
    longest = max(run.answered, key=lambda each: each.prompt_tokens)
    soon = [
        replace(each, first_s=each.send_s + (0.1 if each is longest else 0.0))
        if each in (longest, run.answered[3])
        else each
        for each in run.answered
    ]

    found = refit(PROD, LARGE, LiveRun(tuple(soon), (), ()), ONE, 20)

    assert found.prefill == pytest.approx(1.1, rel=0.06)


def test_first_tokens_that_waited_for_something_are_left_out() -> None:
    run = Truth(prefill=1.1).run()
    late = [
        replace(each, send_s=each.send_s - 3) if at % 12 == 6 else each
        for at, each in enumerate(run.answered)
    ]

    found = refit(PROD, LARGE, LiveRun(tuple(late), (), ()), PDRatio(4, 1), 20)

    assert found.prefill == pytest.approx(1.1, rel=0.02)
    assert found.lone < len(late)


def test_a_refitted_profile_scales_its_tables_and_says_from_what() -> None:
    fitted = Refit(1.1, 0.9, 21.0, None, 118.0, 40, 38, 3).applied(LARGE, "large", "40 requests")

    assert fitted.prefill_ms(10_240) == pytest.approx(1.1 * LARGE.prefill_ms(10_240), rel=1e-4)
    assert fitted.decode_step_ms(64, 64_000) == pytest.approx(
        0.9 * LARGE.decode_step_ms(64, 64_000), rel=1e-4
    )
    assert fitted.prefill_ms(40_000) == pytest.approx(1.1 * LARGE.prefill_ms(40_000), rel=1e-3)
    assert fitted.live is not None
    assert (fitted.live.worker_start_s, fitted.live.link_gb_s) == (118.0, None)
    assert fitted.provenance.refits == ("large: 40 requests",)
    assert fitted.provenance.sources == LARGE.provenance.sources


def test_a_refitted_profile_can_be_named_by_its_file(tmp_path: Path) -> None:
    fitted = Refit(1.1, None, 21.0, 7.5, None, 40, 0, 0).applied(LARGE, "large", "40 requests")
    (tmp_path / "mine.json").write_text(document.of(fitted))

    read = Profile.load(str(tmp_path / "mine.json"))

    assert document.of(read) == document.of(fitted)
    assert read.decode == LARGE.decode


def test_the_twin_takes_host_start_and_link_of_a_refitted_profile() -> None:
    prod = PROD
    fitted = Refit(1.0, 1.0, 21.0, 7.5, 118.0, 40, 40, 3).applied(LARGE, "large", "a run")
    unsure = Refit(1.0, 1.0, None, None, None, 40, 40, 0).applied(LARGE, "large", "a run")

    seen, before = Hardware.of(prod, fitted), Hardware.of(prod, unsure)

    assert (seen.host_s, seen.link_gb_s, seen.worker_start_s) == (0.021, 7.5, 118.0)
    assert (before.host_s, before.link_gb_s, before.worker_start_s) == (
        Hardware.of(prod).host_s,
        prod.rehearsal.kv_link_gb_s,
        prod.worker_start_s,
    )


def test_what_a_run_does_not_tell_stays_as_an_earlier_one_showed_it() -> None:
    first = Refit(1.0, 1.0, 21.0, 7.5, None, 40, 40, 0).applied(LARGE, "large", "a run")
    second = Refit(None, None, None, None, 118.0, 0, 0, 3).applied(first, "mine", "a show")

    live = second.live

    assert live is not None
    assert (live.request_ms, live.link_gb_s, live.worker_start_s) == (21.0, 7.5, 118.0)


def test_measured_points_end_with_a_refit() -> None:
    vllm = Profile.load("llama-3.1-8b.h200.bf16.vllm")

    assert Refit(1.2, 1.2, 1, None, None, 9, 9, 0).applied(vllm, "8b", "a run").measured is None


def test_starts_alone_leave_the_tables_as_they_were() -> None:
    found = refit(PROD, LARGE, LiveRun((), (110.0, 118.0, 190.0), ()), ONE, 20)

    assert (found.start_s, found.starts, found.prefill) == (118.0, 3, None)
    assert found.applied(LARGE, "large", "3 starts").prefill == LARGE.prefill


def test_too_few_requests_alone_say_how_many_are_wanted() -> None:
    crowded = [Answered(1, 0.0, 5.0, 6.0, 900, 40, 1, ok=True) for _ in range(20)]

    with pytest.raises(UsageError, match=r"^0 of 20 requests had a prefill worker for themselves"):
        refit(PROD, LARGE, LiveRun(tuple(crowded), (), ()), ONE, 20)


def test_answers_of_a_few_tokens_say_nothing_of_the_steps() -> None:
    truth = Truth(prefill=1.2)
    short = [replace(each, tokens=each.first_tokens + 7) for each in truth.run().answered]

    found = refit(PROD, LARGE, LiveRun(tuple(short), (), ()), ONE, 20)

    assert (found.decode, found.streams) == (None, 0)
    assert found.prefill == pytest.approx(1.2, rel=0.02)


def test_prompts_of_one_length_tell_nothing_apart() -> None:
    same = [Answered(1, at, at + 0.2, at + 0.9, 900, 40, 1, ok=True) for at in range(20)]

    with pytest.raises(UsageError, match=r"^prompts of 900 to 900 tokens do not tell the host"):
        refit(PROD, LARGE, LiveRun(tuple(same), (), ()), ONE, 20)


# -- files -----------------------------------------------------------------------------------------


def line(**more: object) -> str:
    told = {"key": "reasoning", "turn": 1, "send_s": 1.0, "first_s": 1.1, "last_s": 2.0}
    told |= {"prompt_tokens": 90, "tokens": 40, "first_tokens": 1, "outcome": "ok"}
    return json.dumps(told | more) + "\n"


def event(at: str, kind: str, text: str) -> dict[str, str]:
    return {"at": f"2026-11-29T14:{at}+00:00", "kind": kind, "text": text, "actor": ""}


SHOW = {
    "time_scale": 1.0,
    "phases": [],
    "events": [
        event("00:00", "scale", "Ordered ahead for Prefill recovery: 2 more prefill workers"),
        event("01:58", "ready", "4P:3D ready: 2 more prefill workers, 118 s after the order"),
        event("02:00", "ready", "all workers of the phase are ready after 118 s"),
        event("03:00", "scale", "2 prefill workers less: draining"),
        event("03:10", "ready", "2P:3D ready: 2 prefill workers gone"),
        event("05:00", "scale", "KEDA orders 1 more decode worker"),
        event("07:10", "ready", "2P:4D ready: 1 more decode worker, 2 min 10 s after the order"),
    ],
}


def test_a_folder_of_logs_and_a_report_of_a_show_are_one_run(tmp_path: Path) -> None:
    (tmp_path / "requests-0.ndjson").write_text(line() + line(outcome="stalled"))
    (tmp_path / "requests-1.ndjson").write_text(line(send_s=0.5) + line(first_s=None))
    (tmp_path / "report.json").write_text(json.dumps(SHOW))

    run = LiveRun.read([tmp_path, tmp_path / "report.json"])

    assert [each.send_s for each in run.answered] == [0.5, 1.0, 1.0]
    assert [each.ok for each in run.answered] == [True, True, False]
    assert run.starts_s == (118.0, 130.0)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("r.json", '{"events": [', "r.json is no JSON: "),
        ("r.json", "[1, 2]", "r.json is no report of a show: no events"),
        ("r.json", json.dumps({"schema": "gtc-load-report/1"}), "report of load without its req"),
        ("r.json", json.dumps(SHOW | {"events": []}), "r.json tells of no worker that started"),
        ("r.json", json.dumps(SHOW | {"time_scale": 0.1}), "time scale 0.1, allowed: 1"),
        ("r.json", json.dumps(SHOW | {"events": [{"at": "x"}]}), "an event without a time"),
        ("r.ndjson", "", "r.ndjson holds no request"),
        ("r.ndjson", '{"ttft": 3}\n', "r.ndjson holds lines that are no requests of ours"),
        ("r.ndjson", line(tokens="many"), "r.ndjson holds a request with invalid literal"),
        ("none/r.ndjson", None, "cannot read"),
        ("none/r.json", None, "cannot read"),
    ],
)
def test_what_is_no_run_of_ours_is_one_line(
    tmp_path: Path, name: str, content: str | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(UsageError) as caught:
        LiveRun.read([tmp_path / name])

    assert says in caught.value.message
    assert "\n" not in caught.value.message
