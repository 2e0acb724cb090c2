"""A table that is worked on: its values, its reasons, its rules, and the patch that it becomes."""

import tomllib
from pathlib import Path

import pytest

from gtc_cli.plan.flags import environment
from gtc_runtime.planning.answers.fit.draft import Draft, aiming, only
from gtc_runtime.planning.answers.fit.layout import laid_out, only_documents, settled
from gtc_runtime.planning.answers.fit.patch import patch
from gtc_spec.environment import load
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix

PLAN = load("prod", {"phases": "plan"})


def test_a_table_that_is_laid_out_already_keeps_every_value() -> None:
    for name in ("prod", "dev"):
        show = load(name)
        assert list(laid_out(Draft(show), show.worker_start_s).changes(show)) == []


def test_the_plans_table_gets_its_lead_its_gates_and_a_decode_stress_without_documents() -> None:
    draft = laid_out(Draft(PLAN), PLAN.worker_start_s)

    assert draft.environment.lead_s == PLAN.worker_start_s
    for name in ("PREFILL_RECOVERY", "DECODE_RECOVERY"):
        phase = draft.phase(name)
        assert phase is not None
        assert (phase.gate, phase.max_s) == ("ready", phase.duration_s + 60)
    stress = draft.phase("DECODE_STRESS")
    assert stress is not None
    assert stress.mix == WorkloadMix(0, 0, 100)
    assert draft.problems == []
    changes = list(draft.changes(PLAN))
    assert all(each.why for each in changes)
    assert ("", "lead_s", "0", "120") in [(c.where, c.what, c.before, c.after) for c in changes]


@pytest.mark.parametrize(
    ("start_s", "lead_s", "why"),
    [
        (87, 87, "a worker takes 87 s to start: ordered that long ahead, it is there in time"),
        (200, 120, "a worker takes 200 s to start, and there are no GPUs for it any earlier"),
    ],
)
def test_a_lead_follows_the_start_of_the_hardware_as_far_as_the_slots_allow(
    start_s: float, lead_s: float, why: str
) -> None:
    dev = load("dev")

    draft = laid_out(Draft(dev), start_s)

    assert (draft.environment.lead_s, draft.problems) == (lead_s, [])
    assert [each.why for each in draft.changes(dev)] == [why]


def test_a_lead_stays_where_no_longer_one_has_its_gpus() -> None:
    prod = load("prod")

    assert laid_out(Draft(prod), 155).environment == prod


def test_a_settle_is_added_where_there_is_none_and_given_other_workers_where_there_is() -> None:
    few = PDRatio(2, 2)
    added = settled(Draft(PLAN), few).phase("PREFILL_RECOVERY")
    assert added is not None
    assert added.settle is not None
    assert added.settle.ratio == few

    show = load("prod")
    assert settled(Draft(show), few).environment == show
    fewer = settled(Draft(show), PDRatio(1, 2)).phase("PREFILL_RECOVERY")
    assert fewer is not None
    assert fewer.settle is not None
    assert (fewer.settle.ratio, fewer.settle.duration_s) == (PDRatio(1, 2), 45)


def test_a_draft_tells_the_rules_that_it_breaks() -> None:
    draft = Draft(PLAN).with_phase("FULL_LOAD", "too many", ratio=PDRatio(5, 5))

    assert "FULL_LOAD.ratio: got 5P:5D" in draft.problems[0]


def test_a_show_of_some_phases_keeps_their_order() -> None:
    part = only(PLAN, ["DECODE_STRESS", "BALANCED"])

    assert [phase.name for phase in part.table.phases] == ["BALANCED", "DECODE_STRESS"]


def test_what_an_environment_does_not_judge_is_aimed_at_all_the_same() -> None:
    dev = aiming(load("dev")).story

    assert dev.prefill_stress_ttft_ratio_min == 2.5
    assert dev.itl_quantile == "p50"
    assert aiming(load("prod")).story == load("prod").story


def test_a_patch_laid_over_its_environment_gives_the_draft_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draft = settled(only_documents(laid_out(Draft(PLAN), PLAN.worker_start_s)), PDRatio(2, 2))
    draft = draft.with_phase("DECODE_STRESS", 'so "loud"', rps=8.75, guard_queued=40)
    draft = draft.with_scale("decode", "few", threshold=80.0)
    text = patch(draft.environment, list(draft.changes(PLAN)))
    (tmp_path / "patch.toml").write_text(text)

    assert environment("prod", None, [Path("patch.toml")]) == draft.environment
    assert 'rps: 6 -> 8.75: so "loud"' in text
    assert "threshold = 80  # was 90: few" in text
    assert tomllib.loads(text).keys() == {"phases", "pools", "phase_tables"}


def test_a_patch_of_nothing_says_so_and_which_table_fits_as_it_is() -> None:
    text = patch(PLAN, [])

    assert text.startswith("# environments/prod.toml: nothing changes\n")
    assert tomllib.loads(text) == {"phases": "plan"}
