"""Conditions on a run: how they are read, and when a run meets them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_cli.load.judge.conditions import OPERATORS, Condition, parse
from gtc_cli.load.judge.names import FIGURES, Named, named
from gtc_cli.load.reports import report
from gtc_runtime.load.records import STAT_KEYS
from gtc_spec.errors import UsageError
from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve
from tests.unit.cli.load.test_reports import RED, finished

FIGURE = st.builds(Named, st.sampled_from(STAT_KEYS), st.sampled_from(list(FIGURES.values())))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
CONDITIONS = st.one_of(
    st.builds(Condition, FIGURE, st.sampled_from(list(OPERATORS)), FINITE),
    st.builds(
        Condition, st.none(), st.sampled_from(["=", "!="]),
        st.sampled_from(["green", "amber", "red"]),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def document():
    return report.document(finished(RED))


@given(CONDITIONS)
def test_what_a_condition_says_of_itself_is_read_as_the_same_condition(condition):
    assert parse(str(condition)) == condition


@given(CONDITIONS, st.integers(0, 2), st.integers(0, 2))
def test_spaces_around_the_sign_mean_nothing(condition, before, behind):
    spaced = f"{condition.figure or 'light'}{' ' * before}{condition.sign}{' ' * behind}"
    told = condition.value if condition.figure is None else repr(condition.value)
    assert parse(f" {spaced}{told} ") == condition


@given(st.text(max_size=20))
def test_any_text_is_a_condition_or_refused_in_one_line(text):
    try:
        found = parse(text)
    except UsageError as error:
        found = error.message
    assert len(str(found).splitlines()) == 1


@given(FIGURE, st.sampled_from(list(OPERATORS)), FINITE)
def test_a_run_meets_a_condition_when_the_comparison_holds_or_there_is_no_data(
    document, figure, sign, value
):
    seen = figure.of(document)
    expected = seen is None or OPERATORS[sign](seen, value)
    assert bool(Condition(figure, sign, value).judge(document)) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("ttft_p95>2", 2), ("itl_p95 >= 30ms", 0.03), ("e2e_p99>1.5s", 1.5), ("goodput<95%", 0.95),
     ("reasoning.tpot_p50>.02", 0.02), ("failed>0", 0)],
)  # fmt: skip
def test_values_may_have_the_units_of_their_figure(text, value):
    assert math.isclose(float(parse(text).value), value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ttft_p95>2%", "with s or ms behind it or bare"),
        ("goodput<2ms", "with % behind it or bare"),
        ("failed>2ms", "it must be a number"),
        ("ttft_p95", "not a condition: 'ttft_p95', allowed: NAME then >= <= != > < = then VALUE"),
        ("ttft_p94>2", "{ttft,ttft_scheduled,itl,stall,tpot,e2e,slip}_{mean,p50,p90,p95,p99}"),
        ("nobody.ttft_p95>2", "no statistics of 'nobody', allowed: all, chat, chat_turn1"),
        ("ttft_p95>nan", "it must be a number"),
        ("light>green", "light= or light!= one of green, amber, red"),
        ("light=blue", "light= or light!= one of green, amber, red"),
    ],
)
def test_what_is_refused_is_told_with_what_is_allowed(text, says):
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert says in refused.value.message


def test_a_name_that_is_nearly_right_is_hinted_at():
    with pytest.raises(UsageError) as refused:
        named("tft_p95")
    assert refused.value.hint == "did you mean ttft_p95?"


def test_what_was_not_measured_has_not_passed(document):
    assert parse("chat_turn1.ttft_p95>2").judge(document) == "chat_turn1.ttft_p95 has no data"
    assert parse("light=red").judge(document) == "the light is red"
    assert parse("light=green").judge(document) == ""


def test_a_run_that_meets_a_condition_ends_with_4_and_says_why(gtc: Call):
    with serve(Manners()) as server:
        told = gtc(
            *("load", "run", "--url", server.url, "--model", "m", "--rps", "20", "--json"),
            *("--duration", "1", "--mix", "0/0/100", "--slo", "ttft=5,itl=1"),
            *("--fail-if", "goodput<50%", "--fail-if", "ttft_p95>1ms", "--fail-if", "failed>0"),
        )
    assert told.code == 4
    assert told.json["check"]["ok"] > 0
    assert "failed: ttft_p95>0.001: ttft_p95 is " in told.err
    assert "goodput" not in told.err.split("failed:", 1)[1]
