"""Checks of money: when it ends, and what it costs until then."""

from __future__ import annotations

from gtc_runtime import formats
from gtc_runtime.checks.doctor.case import Case
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, green, red
from gtc_spec.cloud import bill, costs


async def end_date(case: Case) -> Verdict:
    """There is one where it is needed, and it is in the future."""
    until, env = case.env.until, case.env
    hint = f"make deploy ENV={env.name} UNTIL=+8h, or a date as GTC_UNTIL in .env"
    if until is None:
        if bill.needs_end(env):
            return red("none was set", "one: what costs that much is easy to forget", hint)
        raise NotApplicable("none was set")
    left = bill.minutes_left(until, case.now())
    told = formats.date(until)
    if left <= 0:
        return red(f"passed at {told}", "in the future", hint)
    return green(f"{told}, in {formats.hours(left)}")


async def price(case: Case) -> Verdict:
    """What everything costs an hour, and until the end date."""
    lines = costs.lines(case.env, await _seen(case))
    usd_h, until = costs.usd_h(lines), case.env.until
    told = f"{usd_h:.2f} USD/h: " + ", ".join(f"{each.usd_h:.2f} {each.what}" for each in lines)
    if until is None:
        return green(told)
    hours = max(0.0, (until - case.now()).total_seconds() / 3600)
    return green(f"{told}; until {formats.date(until)} {usd_h * hours:,.0f} USD")


async def _seen(case: Case) -> dict[str, float]:
    """Prices of droplets as this account sees them; none when nobody tells."""
    try:
        sizes = await case.cloud.all("/v2/sizes", "sizes")
    except RestsOn:
        return {}
    return {str(each["slug"]): float(each["price_hourly"]) for each in sizes}
