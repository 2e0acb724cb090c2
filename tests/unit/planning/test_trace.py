"""A recorded load through the twin: the same requests at the same times."""

from typing import Any

import pytest

from gtc_runtime.load.records import Outcome
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.planning.topology import Topology
from gtc_runtime.planning.trace import read, replay
from gtc_spec.environment import load
from gtc_spec.errors import UsageError

PROD = load("prod")
ON_PROD = Hardware.of(PROD)


def record(due_s: float, **more: Any) -> dict[str, Any]:
    """A line of the load engine's log, of one document."""
    plain = {
        **{"key": "summarization", "workload": "summarization", "turn": 1, "conversation": ""},
        **{"due_s": due_s, "send_s": due_s, "first_s": due_s + 2.0, "last_s": due_s + 6.0},
        **{"prompt_tokens": 15_000, "max_tokens": 200, "tokens": 201, "first_tokens": 1},
        **{"counted_by": "usage", "itl_basis": "token", "outcome": Outcome.OK, "detail": ""},
    }
    return plain | more


def test_a_log_is_read_in_the_order_in_which_requests_were_due() -> None:
    first, second = read([record(107.0), record(104.0)])

    assert (first.due_s, second.due_s) == (0.0, 3.0)
    assert (first.prompt_tokens, first.answer_tokens) == (15_000, 201)
    assert (first.ttft_s, first.tpot_s) == (2.0, pytest.approx(0.02))


def test_times_are_counted_from_when_the_load_began() -> None:
    assert read([record(104.0)], began_s=100.0)[0].due_s == 4.0


def test_what_did_not_end_well_is_left_out() -> None:
    found = read([record(1.0), record(2.0, outcome=Outcome.SHED, tokens=0, first_s=None)])

    assert len(found) == 1


@pytest.mark.parametrize(
    "line", [{"due_s": 1}, record(1.0, key="unheard"), record(1.0, first_s="soon")]
)
def test_a_line_of_something_else_is_refused_in_one_line(line: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="not a request of the load engine"):
        read([line])


def test_a_log_without_a_good_request_is_refused() -> None:
    with pytest.raises(UsageError, match="ended well"):
        read([])


def test_every_recorded_request_is_served_at_its_time() -> None:
    trace = read([record(each * 1.5) for each in range(40)])

    served = replay(ON_PROD, Topology(2, 2), trace)

    assert [each.due_s for each in served] == [each.due_s for each in trace]
    assert [each.output_tokens for each in served] == [201] * 40
    assert all(each.done_s > each.first_s > each.due_s for each in served)


def test_a_turn_of_a_recorded_conversation_finds_its_previous_prompt() -> None:
    chat = {"key": "chat_turn1", "conversation": "c7", "prompt_tokens": 5000}
    later = {**chat, "key": "chat_turn2plus", "prompt_tokens": 5300}

    first, second, other = replay(
        ON_PROD,
        Topology(1, 1),
        read(
            [
                record(0.0, **chat),
                record(20.0, **later),
                record(
                    40.0,
                    **later,
                ),
            ]
        ),
    )

    assert first.cached_tokens == 0
    assert second.cached_tokens == 5000 // 32 * 32
    assert other.cached_tokens == 5300 // 32 * 32


def test_a_show_plays_the_requests_of_its_trace_and_no_others() -> None:
    trace = read([record(5.0 + each * 3) for each in range(30)], began_s=0.0)

    simulation = Simulation(PROD, ON_PROD, 1, trace=trace)
    calm = simulation.run()[0]

    assert calm["requests"]["due"] == 30
    assert len(simulation.requests) == 30
