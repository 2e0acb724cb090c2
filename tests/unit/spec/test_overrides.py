"""A choice brings the facts that depend on it, and the rules judge them together."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import ConfigError, UsageError
from gtc_spec.overrides import CHOICES, load_with
from gtc_spec.serving import CHECKPOINTS


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_without_a_choice_it_is_the_environment_as_written(name: str) -> None:
    assert load_with(name, {"GTC_REGION": " ", "HOME": "/x"}) == load(name)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_choosing_what_is_written_changes_nothing(name: str) -> None:
    env = load(name)
    same = {
        "GTC_REGION": env.region,
        "GTC_GPU_TYPE": env.nodes.size,
        "GTC_MODEL": env.model.repository,
    }

    assert load_with(name, same).digest == env.digest


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_written_model_is_one_of_the_known_checkpoints(name: str) -> None:
    model = load(name).model
    known = CHECKPOINTS[model.repository]

    assert (known.served_name, known.parameters_billion, known.weight_bytes, known.profile) == (
        model.served_name,
        model.parameters_billion,
        model.weight_bytes,
        model.profile,
    )


def test_a_gpu_size_brings_its_memory_and_as_many_nodes_as_are_needed() -> None:
    nodes = load_with("prod", {"GTC_GPU_TYPE": "gpu-h200x1-141gb"}).nodes

    assert (nodes.count, nodes.slots_per_node, nodes.memory_gib) == (8, 1, 139)


def test_a_gpu_size_kept_for_later_does_not_stand_in_the_way_of_nodes_without_gpus() -> None:
    chosen = load_with("cpu", {"GTC_GPU_TYPE": "gpu-h200x1-141gb"})

    assert chosen == load("cpu")


def test_the_plans_70b_model_is_refused_with_its_arithmetic_and_the_one_that_fits() -> None:
    with pytest.raises(ConfigError) as caught:
        load_with("prod", {"GTC_MODEL": "meta-llama/Llama-3.1-70B-Instruct"})

    assert "132 gib of weights" in caught.value.message
    assert "at most 125 gib, which is 90% of 1 x 139 gib" in caught.value.message
    assert caught.value.message.endswith("such as nvidia/Llama-3.1-70B-Instruct-FP8")


def test_an_fp8_checkpoint_keeps_the_name_that_it_answers_under() -> None:
    model = load_with("dev", {"GTC_MODEL": "nvidia/Llama-3.1-8B-Instruct-FP8"}).model

    assert (model.served_name, model.weight_bytes, model.profile) == (
        "meta-llama/Llama-3.1-8B-Instruct",
        1,
        "llama-3.1-8b.h100.fp8",
    )


NONSENSE = st.text(st.characters(categories=["Lu", "Sm", "So", "Zs"]), max_size=30)
"""Letters and signs of which no choice is made; small ones could name a bucket."""


@given(key=st.sampled_from(sorted(CHOICES)), value=NONSENSE)
def test_nonsense_is_refused_in_one_line_that_names_it(key: str, value: str) -> None:
    chosen = value.strip()
    assume(chosen and chosen not in CHECKPOINTS)

    with pytest.raises(UsageError) as caught:
        load_with("dev", {key: value})

    assert "\n" not in caught.value.message
    assert repr(chosen) in caught.value.message


@pytest.mark.parametrize(
    ("variables", "profile"),
    [
        ({"GTC_GPU_TYPE": "gpu-h200x1-141gb", "GTC_ENGINE": "vllm"}, "llama-3.1-8b.h200.bf16.vllm"),
        ({"GTC_GPU_TYPE": "gpu-h200x1-141gb"}, "llama-3.1-8b.h100.bf16"),
        ({"GTC_GPU_TYPE": "gpu-l40sx1-48gb", "GTC_ENGINE": "vllm"}, "llama-3.1-8b.h100.bf16"),
        ({"GTC_ENGINE": "vllm"}, "llama-3.1-8b.h100.bf16"),
    ],
    ids=["timed", "not with this engine", "not on this card", "not with that engine"],
)
def test_a_card_and_an_engine_bring_their_timings_where_somebody_took_them(variables, profile):
    assert load_with("dev", variables).model.profile == profile


def test_the_size_that_an_environment_has_changes_nothing_of_it():
    for name in ("dev", "prod"):
        env = load(name)
        assert load_with(name, {"GTC_GPU_TYPE": env.nodes.size}).digest == env.digest
