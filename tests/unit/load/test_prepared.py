"""Requests that are made before they are due."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.prompts.prepared import Prepared
from gtc_runtime.load.prompts.prompt import Prompt


class Writer:
    def write(self, prompt):
        return prompt.messages[0]["content"].encode()


def prompt(number):
    return Prompt([{"role": "user", "content": str(number)}], 1, 1, 1)


def test_rows_of_a_trace_are_held_ready_and_keep_their_numbers():
    made = []
    rows = Prepared(lambda n: made.append(n) or prompt(n), Writer(), 1, 3, 4, numbered=True)
    rows.fill()
    assert made == [1, 4, 7, 10]
    assert [rows.take(n)[1] for n in (1, 4, 7)] == [b"1", b"4", b"7"]
    assert made == [1, 4, 7, 10]


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 8), st.integers(1, 3))
def test_a_slot_that_was_shed_does_not_shift_the_rows_behind_it(numbers, ahead, step):
    rows = Prepared(prompt, Writer(), 0, step, ahead, numbered=True)
    soon = deque()
    for number in sorted(number * step for number in numbers):
        assert rows.take(number)[1] == str(number).encode()
        rows.refill(lambda call, *words: soon.append((call, words)))
        while soon:
            call, words = soon.popleft()
            call(*words)


def test_requests_that_are_drawn_are_used_whatever_their_number():
    made = []
    drawn = Prepared(lambda n: made.append(n) or prompt(len(made)), Writer())
    drawn.fill()
    assert drawn.take(40)[1] == b"1"
    assert len(made) == 1
