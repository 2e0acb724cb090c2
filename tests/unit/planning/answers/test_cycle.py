"""One cycle played for an answer: its queues, its GPU use and its course."""

from gtc_runtime.planning.answers.cycle import STEP_S, Show, play, play_course, queued
from gtc_runtime.planning.serving.requests import Request
from gtc_spec.environment import load

PROD = Show.of(load("prod"))


def test_a_request_waits_from_when_it_is_due_until_its_first_token() -> None:
    served = Request("reasoning", 1.2, 100, 10, first_s=3.4)
    never = Request("reasoning", 2.0, 100, 10)

    assert queued([served, never], 6) == [0, 1, 2, 2, 1, 1]


def test_a_stress_fills_the_queue_and_the_gpus_of_its_pool() -> None:
    phases = {phase["name"]: phase for phase in play(PROD, 1).phases}

    assert phases["PREFILL_STRESS"]["queued_max"] > 10 > phases["BALANCED"]["queued_max"]
    assert phases["PREFILL_STRESS"]["busy"]["prefill"] > 0.95
    assert phases["BALANCED"]["busy"]["prefill"] < 0.5


def test_the_course_follows_load_and_workers_through_the_cycle() -> None:
    cycle = play_course(PROD, 1)

    assert cycle.phases == play(PROD, 1).phases
    assert [moment.at_s for moment in cycle.course[:2]] == [STEP_S, 2 * STEP_S]
    assert max(moment.rps for moment in cycle.course) > 7
    assert {moment.ready.prefill for moment in cycle.course} >= {2, 4}
    late = [moment for moment in cycle.course if moment.ready != moment.desired]
    assert len(late) * STEP_S >= PROD.hardware.worker_start_s
