"""The end date of a deployment and what it costs until then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.cloud import bill
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import UsageError
from gtc_spec.overrides import load_with

END = datetime(2026, 3, 20, 17, 0, tzinfo=UTC)
minutes = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()
)


def test_an_end_date_is_read_in_any_zone_and_kept_in_utc() -> None:
    assert bill.parse_until("2026-03-20T18:00+01:00") == END
    assert bill.parse_until(" 2026-03-20T17:00Z ") == END


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-03-20T18:00", "end date '2026-03-20T18:00' has no time zone"),
        ("2026-03-20", "end date '2026-03-20' has no time zone"),
        ("tomorrow", "not an end date: 'tomorrow', allowed: ISO 8601 with zone"),
        ("0001-01-01T00:00+23:00", "end date '0001-01-01T00:00+23:00' is out of range"),
    ],
)
def test_another_date_is_refused_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as told:
        bill.parse_until(text)
    assert told.value.message == problem
    assert "YYYY-MM-DDThh:mm+01:00" in told.value.hint
    assert bill.parse_until(bill.EXAMPLE, END) == END + timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("+8h", timedelta(hours=8)),
        ("+2d", timedelta(days=2)),
        ("+90m", timedelta(minutes=90)),
        (" +1d12h30m ", timedelta(days=1, hours=12, minutes=30)),
    ],
)
def test_a_span_counts_from_now(text: str, span: timedelta) -> None:
    assert bill.parse_until(text, END) == END + span


@pytest.mark.parametrize("text", ["+", "+8", "+h", "+0h", "+8h2d", "+-8h", "+8 h"])
def test_another_span_is_refused_with_those_that_are_allowed(text: str) -> None:
    with pytest.raises(UsageError, match="allowed: \\+8h, \\+2d"):
        bill.parse_until(text, END)


def test_a_span_without_a_now_is_no_date() -> None:
    with pytest.raises(UsageError, match="not an end date: '\\+8h'"):
        bill.parse_until("+8h")


@given(st.text(max_size=30))
def test_any_text_is_a_date_in_utc_or_one_line_of_error(text: str) -> None:
    try:
        until = bill.parse_until(text)
    except UsageError as told:
        error: UsageError | None = told
    else:
        error = None
        assert until.utcoffset() == timedelta(0)
    assert error is None or "\n" not in error.message


@given(minutes)
def test_a_tag_gives_the_date_back(when: datetime) -> None:
    until = bill.parse_until(when.isoformat())
    tag = bill.tag_of(until)
    assert bill.until_of(["k8s", "gtc-demo-prod", tag.upper()]) == until
    assert all(each.isalnum() or each == "-" for each in tag)


def test_of_several_dates_the_earliest_counts_and_without_one_there_is_none() -> None:
    later = bill.tag_of(END + timedelta(days=1))
    assert bill.until_of([later, bill.tag_of(END)]) == END
    assert bill.until_of(["gtc-demo", "gtc-demo-prod"]) is None


def test_a_damaged_tag_is_an_error_and_not_a_missing_date() -> None:
    with pytest.raises(UsageError, match="holds no end date"):
        bill.until_of(["gtc-demo-until-soon"])


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(minutes=61), ""),
        (timedelta(minutes=60), "60 min left until the end date 17:00 UTC: extend it or wind up"),
        (timedelta(seconds=61), "2 min left until the end date 17:00 UTC: extend it or wind up"),
        (timedelta(0), "the end date 2026-03-20 17:00 UTC has passed: tear down or extend it"),
        (-timedelta(1), "the end date 2026-03-20 17:00 UTC has passed: tear down or extend it"),
    ],
)
def test_the_banner_shows_in_the_last_hour_and_stays(before: timedelta, words: str) -> None:
    assert bill.warning(END, END - before) == words


def test_nobody_is_warned_of_an_end_that_nobody_set() -> None:
    assert bill.warning(None, END) == ""


def test_the_bill_of_prod_is_everything_that_costs() -> None:
    env = load("prod")
    day = bill.bill(env, 24)
    assert day.gpus == 8
    assert day.gpu_hours == 192
    share, small, control_plane, volumes = 16_000 * 0.3, 2 * 24, 40, 40 * 0.1
    monthly = share + small + control_plane + volumes
    assert day.usd == pytest.approx(24 * (35.76 + monthly / 672))
    assert day.after(24) == pytest.approx(2 * day.usd)
    without_nodes = bill.bill(env, 1, worker_nodes=0, management_nodes=0)
    assert without_nodes.usd == pytest.approx((share + control_plane + volumes) / 672)


def test_a_cluster_of_simulated_workers_costs_less_than_a_dollar_an_hour_at_its_largest() -> None:
    env = load("cpu")
    least = bill.bill(env, 10)
    most = bill.bill(env, 10, management_nodes=env.hosting.management_nodes[1])

    assert (least.worker_nodes, least.gpus, least.gpu_hours) == (2, 0, 0)
    control_plane, volumes = 40, 40 * 0.1  # a month, over 672 hours
    assert least.usd_h == pytest.approx((2 * 96 + 2 * 24 + control_plane + volumes) / 672)
    assert 0.1 < least.usd_h < most.usd_h < 1


def test_only_prod_costs_so_much_that_it_needs_an_end() -> None:
    assert {name for name in ENVIRONMENTS if bill.needs_end(load(name))} == {"prod"}


def test_dollars_for_a_million_tokens_need_tokens() -> None:
    assert bill.usd_per_million(3.0, 1_500_000) == pytest.approx(2.0)
    assert bill.usd_per_million(3.0, 0) is None


def test_the_end_date_is_a_choice_that_changes_no_digest() -> None:
    chosen = load_with("prod", {"GTC_UNTIL": "2026-03-20T18:00+01:00"})
    assert chosen.until == END
    assert chosen.digest == load("prod").digest
