"""Every rule of an environment refuses with file, key, value and what is allowed."""

import pytest

from gtc_spec.environment import Environment, load
from gtc_spec.errors import ConfigError, Problem
from gtc_spec.phases import Phase, PhaseName, PhaseTable
from gtc_spec.pools import PDRatio
from gtc_spec.rules import check
from gtc_spec.workloads import WorkloadMix


def problems(name: str = "prod", **overrides: object) -> tuple[Problem, ...]:
    """What `load` says about an environment with these values; `__` stands for a dot."""
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    with pytest.raises(ConfigError) as caught:
        load(name, dotted)
    return caught.value.problems


def only(found: tuple[Problem, ...]) -> Problem:
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def phases() -> list[dict[str, object]]:
    """The phases of prod's show, ready to be changed."""
    dumped = load("prod").model_dump(mode="json")
    return list(dumped["phase_tables"]["show"]["phases"])


def changed(phase: str, /, **fields: object) -> dict[str, object]:
    """Overrides that change one phase of prod's show."""
    acts = phases()
    for act in acts:
        if act["name"] == phase:
            act.update(fields)
    return {"phase_tables.show": {"phases": acts}}


def refused(overrides: dict[str, object]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load("prod", overrides)
    return caught.value.problems


def test_a_wrong_phase_name_is_told_the_names_as_they_have_to_be_written() -> None:
    problem = only(refused(changed("PREFILL_STRESS", name="prefill_stress")))

    assert problem.value == "'prefill_stress'"
    assert "'PREFILL_STRESS'" in problem.allowed


@pytest.mark.parametrize(
    ("size", "allowed"),
    [
        ("gpu-h100", "one of s-2vcpu-4gb, "),
        ("s-2vcpu-4gb", "h100 or h200 or l40s"),
        (5, "input should be a valid string"),
    ],
)
def test_a_wrong_gpu_size_is_one_problem_whatever_follows_from_it(
    size: object, allowed: str
) -> None:
    problem = only(refused({"nodes.size": size}))

    assert problem.key == "nodes.size"
    assert problem.allowed.startswith(allowed)


# -- single values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("worker_start_s", 0),
        ("worker_start_s", float("inf")),
        ("worker_start_s", float("nan")),
        ("slo.ttft_p95_s", float("inf")),
        ("load.rps_max", float("nan")),
        ("pools.prefill.drain_s", -1),
        ("pools.prefill.initial", 0),
        ("pools.decode.scale.trigger", "cpu"),
        ("model.kv_fraction", 1),
        ("model.repository", "no-owner"),
        ("model.weight_bytes", 4),
        ("workloads.summarization.prompt_tokens", [20000, 10000]),
        ("workloads.chat.turns", [0, 5]),
        ("nodes.count", 0),
        ("rehearsal.kv_link_gb_s", 0),
        ("story.itl_quantile", "p42"),
        ("unheard_of", 1),
        ("name", "staging"),
    ],
)
def test_a_value_out_of_range_is_refused_under_its_own_key(key: str, value: object) -> None:
    problem = only(refused({key: value}))

    assert problem.file == "environments/prod.toml"
    assert key.startswith(problem.key)
    assert problem.allowed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration_s", 0),
        ("duration_s", float("inf")),
        ("rps", -1),
        ("rps", float("nan")),
        ("mix", "50/50/50"),
        ("mix", "a lot"),
        ("ratio", "0P:3D"),
        ("ratio", 5),
        ("name", "INTERMISSION"),
        ("gate", "open"),
    ],
)
def test_a_broken_phase_is_refused_with_its_place_in_the_table(field: str, value: object) -> None:
    problem = refused(changed("KV_CACHE_DEMO", **{field: value}))[0]

    assert problem.key.startswith("phase_tables.show.phases.1")
    assert repr(value)[1:5] in problem.value


def test_a_mix_that_does_not_add_up_says_what_it_adds_up_to() -> None:
    problem = only(refused(changed("BALANCED", mix="50/30/30")))

    assert problem.value == "'50/30/30'"
    assert problem.allowed == (
        "mix 50/30/30 adds up to 110, allowed: three shares that add up to 100"
    )


# -- rules over several values -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "key", "value", "allowed"),
    [
        ({"phases": "encore"}, "phases", "encore", "one of plan, show"),
        (
            changed("BALANCED", rps=41),
            "phase_tables.show.BALANCED.rps",
            "41",
            "at most load.rps_max = 40",
        ),
        (
            changed("COOLDOWN", ramp_to_rps=41),
            "phase_tables.show.COOLDOWN.rps",
            "41",
            "at most load.rps_max = 40",
        ),
        (
            changed("PREFILL_RECOVERY", max_s=None),
            "phase_tables.show.PREFILL_RECOVERY.max_s",
            "None",
            "at least duration_s = 90",
        ),
        (
            changed("PREFILL_RECOVERY", max_s=60),
            "phase_tables.show.PREFILL_RECOVERY.max_s",
            "60.0",
            "at least duration_s = 90",
        ),
        (
            changed("BALANCED", max_s=300),
            "phase_tables.show.BALANCED.max_s",
            "300",
            "only together with gate",
        ),
        (
            changed("FULL_LOAD", guard_queued=3),
            "phase_tables.show.FULL_LOAD.guard_queued",
            "3",
            "only on PREFILL_STRESS and DECODE_STRESS",
        ),
        (
            changed("BALANCED", narration="a " * 13),
            "phase_tables.show.BALANCED.narration",
            "13 words",
            "at most 12 words",
        ),
        (
            changed("COOLDOWN", ratio="2P:2D"),
            "phase_tables.show.COOLDOWN.ratio",
            "2P:2D",
            "the initial ratio 2P:3D",
        ),
        (
            {"pools.decode.scale.max": 5},
            "pools.*.scale.max",
            "9 GPUs (prefill 4, decode 5)",
            "at most 8 GPUs, or allow_pending = true",
        ),
        (
            {"pools.decode.scale.min": 5},
            "pools.decode.scale.min",
            "5",
            "at most max = 4",
        ),
        ({"load.prompt_tokens_max": 19999}, "load.prompt_tokens_max", "19999", "at least 20000"),
        ({"load.max_tokens_max": 1999}, "load.max_tokens_max", "1999", "at least 2000"),
    ],
)
def test_a_broken_rule_names_file_key_value_and_what_is_allowed(
    overrides: dict[str, object], key: str, value: str, allowed: str
) -> None:
    assert only(refused(overrides)) == Problem("environments/prod.toml", key, value, allowed)


def test_a_ratio_that_needs_more_gpus_than_there_are_is_refused() -> None:
    phase, table = refused(changed("FULL_LOAD", ratio="4P:5D"))

    assert phase == Problem(
        "environments/prod.toml", "phase_tables.show.FULL_LOAD.ratio", "4P:5D", "at most 8 GPUs"
    )
    assert table.value.startswith("9 GPUs at ")


def test_kedas_maxima_may_pass_the_gpus_when_pending_workers_are_allowed() -> None:
    assert load("prod", {"pools.decode.scale.max": 5, "allow_pending": True})


def test_a_phase_that_appears_twice_is_refused() -> None:
    acts = phases()

    problem = only(refused({"phase_tables.show": {"phases": [acts[0], *acts]}}))

    assert problem.allowed == "each phase once"


def test_an_initial_ratio_that_needs_more_gpus_than_there_are_is_refused() -> None:
    found = problems("dev", pools__decode__initial=3)

    assert "pools.*.initial" in {problem.key for problem in found}


def test_a_bf16_70b_model_is_refused_on_one_h200_and_the_way_out_is_named() -> None:
    problem = only(problems(model__weight_bytes=2))

    assert problem.key == "model.repository"
    assert "132 gib of weights" in problem.value
    assert problem.allowed.endswith(
        ": name an fp8 checkpoint such as nvidia/Llama-3.1-70B-Instruct-FP8"
    )


def test_a_model_without_a_known_smaller_checkpoint_is_refused_with_advice_all_the_same() -> None:
    problem = only(problems(model__weight_bytes=2, model__served_name="own/model"))

    assert problem.allowed.endswith(": name an fp8 checkpoint with weight_bytes = 1")


def test_workers_that_drain_count_against_the_gpus() -> None:
    """4P shrinks to 2P just when 5D grows: with a long drain the sum passes eight."""
    assert load("prod")

    problem = only(problems(pools__prefill__drain_s=300))

    assert problem.key == "phase_tables.show"
    assert problem.value.endswith("starting and draining too")
    assert problem.allowed == "at most 8 at every instant"


def test_the_longest_prompt_counts_the_history_of_the_last_chat_turn() -> None:
    problem = only(problems(workloads__chat__turns=[3, 60]))

    assert problem.key == "load.prompt_tokens_max"
    assert problem.allowed == f"at least {6000 + 60 * (300 + 60)}"


def test_all_broken_rules_are_told_at_once() -> None:
    found = refused(
        {"phases": "encore", "load.max_tokens_max": 10} | changed("BALANCED", rps=99, max_s=500)
    )

    assert [problem.key for problem in found] == [
        "phases",
        "phase_tables.show.BALANCED.rps",
        "phase_tables.show.BALANCED.max_s",
        "load.max_tokens_max",
    ]


def test_all_broken_values_are_told_at_once_one_on_a_line() -> None:
    with pytest.raises(ConfigError) as caught:
        load("prod", {"worker_start_s": 0, "nodes.count": 0, "model.weight_bytes": 3})

    lines = caught.value.message.splitlines()
    assert len(lines) == len(caught.value.problems) == 3
    assert all(line.startswith("environments/prod.toml: ") for line in lines)


@pytest.mark.parametrize(
    ("name", "overrides", "key"),
    [
        ("cpu", {"engine": {"name": "trtllm"}}, "engine.name"),
        ("cpu", {"hosting.share": {"gib": 50, "tier": "high"}}, "hosting.share"),
        ("prod", {"hosting.share": None}, "hosting.share"),
        ("cpu", {"pools.decode.scale.max": 9}, "pools.*.scale.max"),
    ],
)
def test_engine_nodes_and_share_have_to_go_together(
    name: str, overrides: dict[str, object], key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(name, overrides)

    assert key in {problem.key for problem in caught.value.problems}


def test_a_budget_is_told_in_what_it_consists_of() -> None:
    with pytest.raises(ConfigError, match="at most 8 simulated worker slots"):
        load("cpu", {"pools.decode.scale.max": 9})


# -- at the limits, where one more or one less decides ---------------------------------------------


def acts(*wanted: tuple[str, float], **fields: object) -> PhaseTable:
    """A table of these ratios and lengths, whose growth is ordered when it is wanted."""
    made = [
        Phase(
            name=name,
            duration_s=length_s,
            ratio=PDRatio.parse(ratio),
            **{"rps": 1, "mix": WorkloadMix(40, 30, 30), "narration": "look", **fields},
        )
        for name, (ratio, length_s) in zip(list(PhaseName)[1:], wanted, strict=False)
    ]
    return PhaseTable(lead_s=0, phases=tuple(made))


def prod_with(table: PhaseTable, prefill_drain_s: float = 15, decode_drain_s: float = 15):
    """Prod that plays only this table, with these drains."""
    prod = load("prod")
    pools = prod.pools.model_copy(
        update={
            "prefill": prod.pools.prefill.model_copy(update={"drain_s": prefill_drain_s}),
            "decode": prod.pools.decode.model_copy(update={"drain_s": decode_drain_s}),
        }
    )
    return prod.model_copy(update={"phase_tables": {"show": table}, "pools": pools})


def told(environment: Environment) -> list[tuple[str, str]]:
    return [(problem.key, problem.value) for problem in check(environment, "x")]


def test_the_gpus_suffice_to_the_last_one_and_not_for_one_more() -> None:
    resting = ("2P:3D", 60)

    assert told(prod_with(acts(("3P:5D", 60), resting), 0, 0)) == []
    assert told(prod_with(acts(("3P:6D", 60), resting), 0, 0)) == [
        ("phase_tables.show.BALANCED.ratio", "3P:6D"),
        ("phase_tables.show", "9 GPUs at 0 s of the cycle, starting and draining too"),
    ]


def test_workers_that_drain_into_the_next_cycle_count_and_those_that_grow_spare_none() -> None:
    """Prefill shrinks by one in the moment in which decode grows to seven: nine for 15 seconds."""
    cycle = acts(("1P:7D", 60), ("1P:4D", 60), ("2P:3D", 60))

    assert told(prod_with(cycle)) == [
        ("phase_tables.show", "9 GPUs at 180 s of the cycle, starting and draining too")
    ]
    assert told(prod_with(cycle, prefill_drain_s=0)) == []


@pytest.mark.parametrize(("drain_s", "fits"), [(60, True), (61, False)])
def test_a_worker_keeps_its_gpu_until_the_moment_in_which_its_drain_ends(
    drain_s: float, fits: bool
) -> None:
    """Three prefill workers go at 60 s; at 120 s decode grows to what they have left."""
    cycle = acts(("4P:3D", 60), ("1P:3D", 60), ("1P:5D", 60), ("2P:3D", 60))

    assert (told(prod_with(cycle, drain_s, 0)) == []) == fits


def test_of_moments_that_need_as_many_gpus_the_first_is_told() -> None:
    cycle = acts(("2P:7D", 60), ("2P:3D", 60), ("3P:6D", 60), ("2P:3D", 60))

    assert told(prod_with(cycle, 0, 0))[-1] == (
        "phase_tables.show",
        "9 GPUs at 0 s of the cycle, starting and draining too",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"rps": 40, "ramp_to_rps": 40},
        {"gate": "ready", "max_s": 60},
        {"narration": "a " * 12},
    ],
)
def test_a_phase_may_use_all_that_is_allowed(fields: dict[str, object]) -> None:
    assert told(prod_with(acts(("2P:3D", 60), **fields))) == []


def test_a_phase_without_ramp_and_settle_asks_for_no_rate_but_its_own() -> None:
    prod = prod_with(acts(("2P:3D", 60), rps=0.4))
    limited = prod.model_copy(update={"load": prod.load.model_copy(update={"rps_max": 0.5})})

    assert told(limited) == []


def test_the_rate_of_a_settle_tail_is_limited_too() -> None:
    tail = {"duration_s": 10, "rps": 41, "mix": "40/30/30", "ratio": "2P:3D"}

    assert told(prod_with(acts(("2P:3D", 60), settle=tail))) == [
        ("phase_tables.show.BALANCED.rps", "41")
    ]


def test_a_pool_may_rest_with_all_gpus_and_stay_at_one_size() -> None:
    prod = prod_with(acts(("3P:5D", 60)))
    sizes = {"prefill": 3, "decode": 5}
    pools = {
        role: prod.pools.of(role).model_copy(
            update={
                "initial": size,
                "scale": prod.pools.of(role).scale.model_copy(update={"min": 3, "max": 3}),
            }
        )
        for role, size in sizes.items()
    }

    assert told(prod.model_copy(update={"pools": prod.pools.model_copy(update=pools)})) == []


def test_a_prompt_may_be_as_long_as_the_longest_one() -> None:
    assert load("prod", {"load.prompt_tokens_max": 20000, "load.max_tokens_max": 2000})
