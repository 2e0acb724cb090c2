"""The same cycle on other hardware: what is other, what changes, what cannot be asked."""

import pytest

from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.cycle import Show
from gtc_runtime.planning.answers.what_if import Knobs, on_gpu, turn, what_if
from gtc_spec.environment import load
from gtc_spec.errors import UsageError

PROD = Show.of(load("prod"))
BY_LATENCY = Show.of(
    load("prod", {"pools.prefill.scale.trigger": "ttft_p95_ms",
                  "pools.prefill.scale.threshold": 3000})
)  # fmt: skip


def test_a_slow_link_is_seen_in_the_time_to_the_first_token_and_not_between_tokens() -> None:
    answer = what_if(PROD, Knobs(link_gb_s=2), [1], Crew())

    calm = {each.figure: each for each in answer.differences if each.phase == "BALANCED"}
    ttft = calm["TTFT of documents p95"]
    assert ttft.before_ms is not None
    assert ttft.after_ms is not None
    assert ttft.after_ms > ttft.before_ms + 300
    assert "ITL p50" not in calm
    assert [(each.before, each.after) for each in answer.turned] == [("20", "2")]
    assert answer.to_json()["before"]["env"] == "prod"


def test_what_is_turned_leaves_the_table_as_it_is() -> None:
    other, turned = turn(PROD, Knobs(worker_start_s=60, block_tokens=64))

    assert other.environment is PROD.environment
    assert (other.hardware.worker_start_s, other.hardware.block_tokens) == (60, 64)
    assert other.hardware.link_gb_s == PROD.hardware.link_gb_s
    assert len(turned) == 2


def test_another_gpu_has_the_timings_of_the_same_model_and_the_link_that_was_asked_for() -> None:
    dev = Show.of(load("dev"))
    other, turned = turn(dev, Knobs(gpu="H200", link_gb_s=50))

    assert other.hardware.profile.model == dev.hardware.profile.model
    assert other.hardware.profile.gpu.startswith("h200")
    assert other.hardware.link_gb_s == 50
    assert [each.what for each in turned][:2] == ["KV link, GB/s", "timings"]


def test_the_profile_of_a_card_is_the_one_most_alike() -> None:
    assert on_gpu("llama-3.1-8b.h100.fp8", "h100") == "llama-3.1-8b.h100.fp8"


def test_the_profile_of_a_card_is_one_of_the_same_engine_where_there_is_one() -> None:
    assert on_gpu("llama-3.1-70b.h200.fp8.vllm", "h200") == "llama-3.1-70b.h200.fp8.vllm"


def test_a_gpu_without_timings_of_the_model_is_refused_and_those_with_are_named() -> None:
    with pytest.raises(UsageError, match=r"no timings of llama-3.1-70b on 'h100', allowed: h200"):
        on_gpu("llama-3.1-70b.h200.fp8", "h100")


def test_what_keda_sees_late_is_played_under_keda_on_both_sides() -> None:
    other, turned = turn(BY_LATENCY, Knobs(window_s=300, metric_type="AverageValue"))

    assert other.keda is not None
    assert (other.keda.window_s, other.keda.metric_type) == (300, "AverageValue")
    assert [(each.before, each.after) for each in turned][1] == (
        "as each rule says",
        "AverageValue",
    )
    as_it_is = what_if(BY_LATENCY, Knobs(window_s=300), [1], Crew()).before
    ready = {phase["name"]: phase["pools"] for phase in as_it_is.phases}
    assert (
        max(ready["PREFILL_RECOVERY"]["decode"]["ready"]) <= PROD.environment.pools.decode.scale.max
    )


def test_a_window_changes_what_a_trigger_of_latencies_does() -> None:
    answer = what_if(BY_LATENCY, Knobs(window_s=300), [1], Crew())

    assert answer.before.phases != answer.after.phases


def test_a_window_is_refused_where_no_trigger_reads_a_latency() -> None:
    with pytest.raises(UsageError, match=r"no trigger of prod reads a latency .*changes nothing"):
        turn(PROD, Knobs(window_s=300, metric_type="AverageValue"))


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        (Knobs(gpu="h200"), "timings llama-3.1-70b.h200.fp8"),
        (Knobs(link_gb_s=20), "KV link, GB/s 20"),
        (Knobs(link_gb_s=20, worker_start_s=60), "KV link, GB/s 20"),
        (Knobs(scrape_s=5), "scrape, s 5"),
    ],
)
def test_what_is_as_it_is_is_nothing_to_ask(knobs: Knobs, said: str) -> None:
    with pytest.raises(UsageError, match=f"nothing is other than it is: {said}"):
        turn(PROD, knobs)


def test_the_engine_that_comes_with_a_card_is_told() -> None:
    _, turned = turn(Show.of(load("dev")), Knobs(gpu="h200"))

    told = {each.what: (each.before, each.after) for each in turned}
    assert told["timings"] == ("llama-3.1-8b.h100.bf16", "llama-3.1-8b.h200.bf16.vllm")
    assert told["engine of the timings"] == ("trtllm", "vllm")
    assert told["tokens of a KV block there"] == ("32", "16")


def test_a_card_and_timings_are_not_chosen_both() -> None:
    with pytest.raises(UsageError, match="allowed: one of them"):
        turn(PROD, Knobs(gpu="h200", profile="llama-3.1-70b.h200.fp8.vllm"))


def test_nothing_turned_is_nothing_to_ask() -> None:
    with pytest.raises(UsageError, match="nothing is other than it is"):
        turn(PROD, Knobs())
