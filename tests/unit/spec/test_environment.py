"""Loading an environment: what ships is whole, what is broken is told in full."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_spec import environment as environment_module
from gtc_spec.environment import ENVIRONMENTS, Environment, load
from gtc_spec.errors import ConfigError, UsageError
from gtc_spec.pools import PDRatio
from gtc_spec.profiles.profile import Profile

PACKAGED = Path(environment_module.__file__).parent / "environments"


# -- what ships ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("table", ["show", "plan"])
def test_every_packaged_environment_keeps_every_rule(name: str, table: str) -> None:
    assert load(name, {"phases": table}).table.phases


def test_prod_is_two_prefill_and_three_decode_workers_on_eight_gpus() -> None:
    prod = load("prod")

    assert (prod.initial_ratio, prod.slots) == (PDRatio(2, 3), 8)
    assert prod.worker_start_s == 120
    assert prod.model.weight_bytes == 1
    assert "FP8" in prod.model.repository
    assert prod.model.served_name == "meta-llama/Llama-3.1-70B-Instruct"


def test_dev_is_one_prefill_and_one_decode_worker_on_three_gpus() -> None:
    dev = load("dev")

    assert (dev.initial_ratio, dev.slots) == (PDRatio(1, 1), 3)
    assert dev.worker_start_s == 75


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_profile_of_the_model_is_packaged(name: str) -> None:
    assert Profile.load(load(name).model.profile).kv_bytes_per_token > 0


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_show_has_all_eight_phases_in_the_order_of_the_plan(name: str) -> None:
    assert [str(phase.name) for phase in load(name).table.phases] == [
        "BALANCED",
        "KV_CACHE_DEMO",
        "PREFILL_STRESS",
        "PREFILL_RECOVERY",
        "DECODE_STRESS",
        "DECODE_RECOVERY",
        "FULL_LOAD",
        "COOLDOWN",
    ]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_cannot_be_changed(name: str) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(name).worker_start_s = 1


# -- which environment ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"), [("prd", "prod"), ("production", "prod"), ("Prod", "prod"), ("deve", "dev")]
)
def test_a_mistyped_environment_gets_the_closest_one_as_a_hint(typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(typed)

    assert (
        caught.value.message == f"unknown environment '{typed}', allowed: {', '.join(ENVIRONMENTS)}"
    )
    assert caught.value.hint == f"did you mean {meant}?"


def test_a_name_like_no_environment_gets_no_hint() -> None:
    with pytest.raises(UsageError) as caught:
        load("zzz")

    assert caught.value.hint == ""


# -- the file ------------------------------------------------------------------------------------


def test_a_file_that_is_no_toml_is_told_in_one_line_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "prod.toml"
    file.write_text('name = "prod\n')

    with pytest.raises(UsageError) as caught:
        load("prod", path=file)

    assert str(file) in caught.value.message
    assert "line 1" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "prod.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(UsageError, match="cannot read") as caught:
        load("prod", path=file)

    assert "\n" not in caught.value.message


def test_a_file_with_another_name_is_named_in_its_problems(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = (PACKAGED / "prod.toml").read_text()
    file.write_text(text.replace("worker_start_s = 120", "worker_start_s = 0"))

    with pytest.raises(ConfigError) as caught:
        load("prod", path=file)

    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.value) == (str(file), "worker_start_s", "0")


def test_an_empty_file_lists_everything_that_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "prod.toml"
    file.write_text("")

    with pytest.raises(ConfigError) as caught:
        load("prod", path=file)

    missing = {problem.key for problem in caught.value.problems}
    assert {"name", "model", "pools", "phase_tables"} <= missing
    assert {problem.value for problem in caught.value.problems} == {"nothing"}


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_as_a_file_is_an_environment_or_a_usage_error(text: str) -> None:
    file = Path(f"/dev/shm/gtc-test-{os.getpid()}.toml")
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        load("dev", path=file)
    except UsageError:
        pass
    finally:
        file.unlink()


# -- overrides -----------------------------------------------------------------------------------


def test_an_override_replaces_one_value_and_nothing_else() -> None:
    changed = load("prod", {"pools.prefill.scale.threshold": 7})

    assert changed.pools.prefill.scale.threshold == 7
    plain = load("prod")
    assert changed.model_copy(update={"pools": plain.pools}) == plain


def test_an_override_chooses_the_phase_table() -> None:
    assert load("prod", {"phases": "plan"}).table == load("prod").phase_tables["plan"]


@pytest.mark.parametrize("key", ["region.city", "phase_tables.show.phases.0.rps", "", "a..b", "."])
def test_an_override_of_something_that_is_no_table_is_a_usage_error(key: str) -> None:
    with pytest.raises(UsageError):
        load("prod", {key: 1})


# -- the digest ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_digest_is_the_same_in_every_load(name: str) -> None:
    assert load(name).digest == load(name).digest
    assert len(load(name).digest) == 12


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in leaves(each, (*path, key))]
    if isinstance(value, list):
        return [leaf for at, each in enumerate(value) for leaf in leaves(each, (*path, at))]
    return [path]


PROD_JSON = load("prod").model_dump(mode="json", exclude={"until"})


@settings(max_examples=60)
@given(st.sampled_from(leaves(PROD_JSON)))
def test_the_digest_changes_with_any_fact_but_the_end_date(path: tuple[str | int, ...]) -> None:
    data = json.loads(json.dumps(PROD_JSON))
    *parents, last = path
    spot = data
    for parent in parents:
        spot = spot[parent]
    spot[last] = different(spot[last])
    try:
        other = Environment.model_validate(data)
    except ValueError:
        return  # no such fact can exist

    assert other.digest != load("prod").digest


def different(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return 1 if value is None else f"{value}x"


# -- time scale ----------------------------------------------------------------------------------


@given(st.floats(0.01, 10))
def test_scaling_stretches_phases_leads_and_worker_starts(factor: float) -> None:
    prod = load("prod")
    scaled = prod.scaled(factor)

    assert scaled.worker_start_s == pytest.approx(prod.worker_start_s * factor)
    assert scaled.lead_s == pytest.approx(prod.lead_s * factor)
    assert scaled.timeline.cycle_s == pytest.approx(prod.timeline.cycle_s * factor)
    assert scaled.timeline.starts_s == pytest.approx([at * factor for at in prod.timeline.starts_s])
    assert [segment.max_s for segment in scaled.timeline.segments] == pytest.approx(
        [segment.max_s * factor for segment in prod.timeline.segments]
    )


@given(st.floats(0.01, 10))
def test_scaling_leaves_loads_ratios_and_drains_alone(factor: float) -> None:
    prod = load("prod")
    scaled = prod.scaled(factor)

    assert scaled.pools == prod.pools
    assert [(s.rps, s.mix, s.ratio) for s in scaled.timeline.segments] == [
        (s.rps, s.mix, s.ratio) for s in prod.timeline.segments
    ]
    assert [ratio for _, ratio in scaled.timeline.instants()] == [
        ratio for _, ratio in prod.timeline.instants()
    ]


def test_starts_of_real_workers_and_their_lead_are_not_scaled() -> None:
    dev = load("dev")
    scaled = dev.scaled(0.4, starts=False)

    assert scaled.worker_start_s == scaled.lead_s == dev.worker_start_s
    assert scaled.timeline.cycle_s == pytest.approx(dev.timeline.cycle_s * 0.4)


def test_scaling_by_one_is_the_same_environment() -> None:
    prod = load("prod")

    assert prod.scaled(1) is prod


def test_the_lead_of_a_table_is_scaled_too() -> None:
    plan = load("prod", {"phase_tables.plan.lead_s": 30, "phases": "plan"})

    assert plan.scaled(0.5).lead_s == 15


@pytest.mark.parametrize("factor", [0, -1, 10.1, float("inf"), float("nan")])
def test_a_time_scale_out_of_range_is_refused(factor: float) -> None:
    with pytest.raises(UsageError, match="allowed: above 0 up to 10"):
        load("prod").scaled(factor)
