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
