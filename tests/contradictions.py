"""Does a view say anything that its own figures contradict? Sentences and claims, read as text.

Knows nothing of how a sentence was chosen: it reads what stands there, as somebody in front of the
screen does, and looks each number and each statement up in the same view. Views are plain
containers, as `DemoView.to_json` makes them and recordings keep them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gtc_runtime.formats import duration, latency, rate
from gtc_runtime.view import STALE_AFTER_S
from gtc_spec.pools import PDRatio

View = dict[str, Any]

WORDS = 16
_LATENCY = r"([\d.]+ (?:ms|s))"
_WORKERS = r"(prefill|decode) workers?"
_TREND = re.compile(
    r"\b(falls?|falling|rises?|rising|climbs?|drops?|drains|speeds? up|slows? down)\b"
)


def walk(views: Iterable[View]) -> list[str]:
    """Every contradiction in a sequence of views, with the time at which it was seen."""
    return [f"{view['at']}: {each}" for view in views for each in contradictions(view)]


def contradictions(view: View) -> list[str]:
    """What a view says against its own figures; empty for an honest one."""
    text = view["phase"]["sentence"]["text"]
    found = [f"{text!r}: {why}" for check in _CHECKS for why in check(view, text)]
    for claim in view["claims"]:
        found += [f"{claim['text']!r}: {why}" for why in _of_claim(claim)]
    return found


# -- the sentence --------------------------------------------------------------------------------


def _short(view: View, text: str) -> Iterator[str]:
    if len(text.split()) > WORDS:
        yield f"{len(text.split())} words"
    if _TREND.search(text):
        yield "a trend that one view cannot show"


def _latencies(view: View, text: str) -> Iterator[str]:
    """Each latency is the figure of the view, each goal its goal."""
    for measure, quantile, told in re.findall(rf"(TTFT|ITL) (p\d\d) {_LATENCY}", text):
        figure = _figure(view, measure, quantile)
        if figure is None or latency(figure) != told:
            yield f"{measure} {quantile} is {figure}"
    for measure, goal in re.findall(
        rf"(TTFT|ITL) p95 {_LATENCY[1:-1]}(?:,| is \w+) goal {_LATENCY}", text
    ):
        if goal != latency(_goal(view, measure)):
            yield f"the goal is {_goal(view, measure)}"
    for told in re.findall(rf", {_LATENCY} (?:in Balanced|under stress)", text):
        known = [latency(each["before_ms"]) for each in _claims(view)]
        if told not in known:
            yield f"before was {known}"


def _goals(view: View, text: str) -> Iterator[str]:
    """Goals hold, are missed, or are above, as the 95th percentile says."""
    if "oth goals hold" in text and not (_within(view, "TTFT") and _within(view, "ITL")):
        yield "a goal is missed"
    if "oth goals are missed" in text and (_within(view, "TTFT") or _within(view, "ITL")):
        yield "a goal holds"
    for measure in re.findall(rf"(TTFT|ITL) p95 {_LATENCY[1:-1]} is above goal", text):
        if _within(view, measure) is not False:
            yield f"the goal of {measure} is not missed"
    for measure in re.findall(rf"(TTFT|ITL) p95 {_LATENCY[1:-1]} (?:holds|is within goal)", text):
        if _within(view, measure) is not True:
            yield f"the goal of {measure} does not hold"
    if "o first token in the last 30 s" in text:
        keys = ("chat_turn1", "chat_turn2plus") if "of a chat" in text else ("all",)
        if any(view["workloads"][key]["ttft"]["p50_ms"] is not None for key in keys):
            yield "there was one"


def _still(view: View, text: str) -> Iterator[str]:
    """What is still slow is beyond its goal, or beyond what its claim asks."""
    for measure, quantile in re.findall(rf"(TTFT|ITL) (p\d\d) {_LATENCY[1:-1]} still", text):
        limits = [each["limit_ms"] for each in _claims(view)]
        limit = _goal(view, measure) if quantile == "p95" else (limits or [None])[0]
        value = _figure(view, measure, quantile)
        if limit is None or value is None or value <= limit:
            yield f"{value} is not beyond {limit}"
        if view["phase"]["sentence"]["state"] == "holds":
            yield "it says that it holds"


def _workers(view: View, text: str) -> Iterator[str]:
    """Workers are ready as the pools say."""
    pools = {pool["role"]: pool for pool in view["pools"]}
    for number, role in re.findall(rf"(\d+) more {_WORKERS} (?:is|are) ready", text):
        pool = pools[role]
        if not pool["ready"] >= pool["desired"]:
            yield f"{pool['ready']} of {pool['desired']} are ready"
        if int(number) != _step(view, role):
            yield f"the phase adds {_step(view, role)}"
    for number, role in re.findall(rf"(?<!more )\b(\d+) {_WORKERS} (?:is|are) ready", text):
        if int(number) != pools[role]["ready"]:
            yield f"{pools[role]['ready']} are ready"
    for ready, desired, role in re.findall(rf"(\d+) of (\d+) {_WORKERS}", text):
        pool = pools[role]
        told = int(ready), int(desired)
        if told != (pool["ready"], pool["desired"]) or told[0] >= told[1]:
            yield f"{pool['ready']} of {pool['desired']} are ready"


def _changes(view: View, text: str) -> Iterator[str]:
    """Workers are ordered, starting or draining as the pools say."""
    pools = {pool["role"]: pool for pool in view["pools"]}
    if re.match("Ordered|KEDA starts", text):
        for number, role in re.findall(rf"(\d+) more {_WORKERS}", text):
            missing = pools[role]["desired"] - pools[role]["ready"]
            if int(number) != missing:
                yield f"{missing} are missing"
    for number, role in re.findall(rf"(\d+) {_WORKERS} draining", text):
        if int(number) != pools[role]["draining"]:
            yield f"{pools[role]['draining']} drain"


def _counts(view: View, text: str) -> Iterator[str]:
    """Requests that wait, stream or are open, and the rate."""
    load = view["load"]
    for pattern, name in (
        (r"(\d+) requests? waits?", "waiting"),
        (r"(\d+) answers? streams?", "streaming"),
        (r"(\d+) requests? open", "in_flight"),
    ):
        for number in re.findall(pattern, text):
            if int(number) != load[name]:
                yield f"{load[name]} {name}"
    for told in re.findall(r"([\d.,]+) requests/s", text):
        if told != rate(load["rps"]):
            yield f"the rate is {load['rps']}"


def _turns(view: View, text: str) -> Iterator[str]:
    """What later turns take, and what they gain."""
    first, later = (
        view["workloads"][key]["ttft"]["p50_ms"] for key in ("chat_turn1", "chat_turn2plus")
    )
    for told in re.findall(rf"of turn 1 (?:is )?{_LATENCY}", text):
        if first is None or told != latency(first):
            yield f"turn 1 takes {first}"
    for told in re.findall(rf"of turn 2\+ is {_LATENCY}", text):
        if later is None or told != latency(later):
            yield f"later turns take {later}"
    if "of turn 2+" in text and view["phase"]["sentence"]["state"] == "holds" and later >= first:
        yield "later turns gain nothing"


def _modes(view: View, text: str) -> Iterator[str]:
    """Who drives, what settles, and whether anything may be said of latencies."""
    phase, load = view["phase"], view["load"]
    runs = phase["index"] is not None
    for told, so in (
        ("Settling", runs and phase["kind"] == "settle"),
        ("By hand", not runs and load["running"]),
        ("No load runs", not load["running"]),
        ("Load is off", not load["running"]),
        ("KEDA s", view["keda"] == "active"),
        ("KEDA scales", view["keda"] == "active"),
        ("Workers are starting", runs and phase["waiting_for_workers"]),
        ("Another panel", view["mode"] == "read-only"),
        ("The load client is late", load["light"] == "red"),
    ):
        if told in text and not so:
            yield f"{told!r} is not so"
    if load["light"] == "red" and re.search("TTFT|ITL", text):
        yield "latencies that are not to be trusted"


def _known(view: View, text: str) -> Iterator[str]:
    """Nothing is said of what nobody knows: workers and who scales them, requests and latencies."""
    if _old(view["cluster_age_s"]) and re.search(rf"\d+ (?:more )?{_WORKERS}|KEDA s", text):
        yield f"the cluster has said nothing for {view['cluster_age_s']} s"
    silent = _old(view["load_age_s"]) or view["load"]["in_flight"] is None
    if silent and re.search(r"\d+ (?:request|answer)|TTFT|ITL|goals|No load|Load is", text):
        yield f"the load client has said nothing for {view['load_age_s']} s"
    if "No figures" in text and not silent:
        yield "the load client reports"


_CHECKS: tuple[Callable[[View, str], Iterator[str]], ...] = (
    _known, _short, _latencies, _goals, _still, _workers, _changes, _counts, _turns, _modes,
)  # fmt: skip


def _old(age_s: float | None) -> bool:
    return age_s is None or age_s > STALE_AFTER_S


def _figure(view: View, measure: str, quantile: str) -> float | None:
    value: float | None = view["workloads"]["all"][measure.lower()][f"{quantile}_ms"]
    return value


def _goal(view: View, measure: str) -> float:
    goal: float = view["goals"][f"{measure.lower()}_p95_ms"]
    return goal


def _within(view: View, measure: str) -> bool | None:
    value = _figure(view, measure, "p95")
    return None if value is None else value <= _goal(view, measure)


def _claims(view: View) -> list[View]:
    return [each for each in view["claims"] if each["phase"] == view["phase"]["name"]]


def _step(view: View, role: Any) -> int:
    """Workers that the running phase has more than the one before it on the strip."""
    names = [each["name"] for each in view["strip"]]
    place = names.index(view["phase"]["name"])
    before, now = (PDRatio.parse(view["strip"][at]["ratio"]) for at in (place - 1, place))
    return now.of(role) - before.of(role)


# -- claims --------------------------------------------------------------------------------------


def _of_claim(claim: View) -> Iterator[str]:
    before, after, limit = claim["before_ms"], claim["after_ms"], claim["limit_ms"]
    for told in re.findall(rf"{_LATENCY} →", claim["text"]):
        if before is None or told != latency(before):
            yield f"before is {before}"
    for told in re.findall(rf"→ {_LATENCY}", claim["text"]):
        if after is None or told != latency(after):
            yield f"after is {after}"
    for told in re.findall(r"((?:\d+ min )?\d+ (?:s|min)) after \+", claim["text"]):
        if claim["after_s"] is None or told != duration(claim["after_s"]):
            yield f"it took {claim['after_s']}"
    bad = re.match("did not recover|rose too little|little gain|not back", claim["text"])
    if (claim["state"] == "failed") != bool(bad):
        yield f"it is {claim['state']}"
    if claim["state"] == "measuring":
        return
    known = None not in (after, limit)
    rises = claim["phase"].endswith("STRESS")
    passed = known and (after >= limit if rises else after <= limit)
    if known and passed != (claim["state"] == "held") and abs(after - limit) > 0.01:
        yield f"{after} against {limit} is {claim['state']}"
