import subprocess
import sys

import pytest

from gtc_spec.errors import ConfigError, GtcError, Problem, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rate 5 is too high, allowed: 0 to 4", "rate 5 is too high, allowed: 0 to 4"),
        ("größer 🙂", "größer 🙂"),
        ("a\nb", r"a\nb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\udcff", r"\udcff"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("\u2028", r"\u2028"),
    ],
)
def test_a_line_holds_nothing_that_a_terminal_obeys_or_cannot_write(text, shown):
    assert one_line(text) == shown


def test_a_long_line_keeps_its_begin_and_its_end():
    line = one_line(f"not an end date: '{'x' * 100_000}', allowed: a date with its zone")
    assert len(line) < 1000
    assert line.startswith("not an end date: 'xxx")
    assert line.endswith("allowed: a date with its zone")


def test_an_error_repeats_nothing_that_is_no_line():
    error = GtcError("unknown verb '\x1b[2J\udc80'", "did you mean \0?")
    assert error.message == str(error) == r"unknown verb '\x1b[2J\udc80'"
    assert error.hint == r"did you mean \x00?"


def test_every_problem_of_a_configuration_is_one_line():
    problems = [Problem("a.toml", "phases.a\nb", "1", "2"), Problem("a.toml", "x", "3", "4")]
    assert ConfigError(problems).message.split("\n") == [
        r"a.toml: phases.a\nb: got 1, allowed: 2",
        "a.toml: x: got 3, allowed: 4",
    ]


def test_a_program_that_catches_nothing_ends_with_message_and_hint():
    program = "import gtc_constructs as gtc; gtc.NodePool(size='gpu-h10x8-640gb', count=1)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    *_, message, hint = ran.stderr.splitlines()
    assert message.startswith("gtc_spec.errors.UsageError: size 'gpu-h10x8-640gb' is in no list")
    assert hint.startswith("hint: did you mean gpu-h100x8-640gb?")


def test_an_error_without_a_hint_has_none_to_show():
    assert not hasattr(GtcError("got 3, allowed: 2"), "__notes__")
