"""What stands on the terminal when a run is over, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from gtc_cli.load import words
from gtc_runtime import formats

JSON = Mapping[str, Any]

_HEADS: Final = ("ok", "fail", "shed", "good", "TTFT p50", "p95", "ITL p50", "p95", "E2E p95")
_WIDTHS: Final = (6, 5, 5, 8, 9, 8, 8, 8, 8)
_NAME: Final = 14
_LABEL: Final = "{:21}"


def lines(document: JSON) -> Iterator[str]:
    """The run in lines: the sum, a row a workload, throughputs, lengths and the light."""
    check, figures, run = document["check"], document["figures"], document["run"]
    yield (
        f"{check['due']} due = {check['ok']} ok + {check['failed']} failed + {check['shed']} shed"
        f" in {run['length_s']:.1f} s of load"
    )
    yield ""
    yield from table(figures)
    yield ""
    for span, name in words.SPANS.items():
        yield _throughput(name, figures["all"]["throughput"][span])
    yield _lengths(figures["all"]["lengths"])
    if run["prompts"] and run["prompts"]["exact_prompt_lengths"] is False:
        yield _LABEL.format("") + "prompts are as long as was asked only if a word is a token here"
    yield _LABEL.format("tokens counted") + words.counted(figures["all"])
    if asked := words.asked(run["dialect"]):
        yield _LABEL.format("asked") + asked
    if run["notice"]:
        yield _LABEL.format("server") + run["notice"]
    if figures["all"]["failed"]:
        yield _LABEL.format("failed") + ", ".join(
            f"{n} {name}" for name, n in figures["all"]["failed"].items()
        )
    yield _goodput(document)
    if "server" in document:
        yield from _server(document["server"])
    quality = document["quality"]
    light = formats.light(quality["light"], quality["reason"], quality["stamp_source"])
    yield _LABEL.format("client") + light


def table(figures: JSON) -> Iterator[str]:
    """Counts and latencies of every key that had requests, the whole last."""
    yield " " * _NAME + words.columns(_HEADS, _WIDTHS)
    for key, name in words.shown(figures).items():
        yield name.ljust(_NAME) + words.columns(_cells(figures[key]), _WIDTHS)


def _cells(figures: JSON) -> tuple[str, ...]:
    latency = figures["latency"]
    return (
        str(figures["ok"]),
        str(sum(figures["failed"].values())),
        str(figures["shed"]),
        formats.percent(figures["goodput_share"]),
        *(formats.latency(latency["ttft"][f"{each}_ms"]) for each in ("p50", "p95")),
        *(formats.latency(latency["itl"][f"{each}_ms"]) for each in ("p50", "p95")),
        formats.latency(latency["e2e"]["p95_ms"]),
    )


def _throughput(name: str, span: JSON) -> str:
    return (
        _LABEL.format(name) + f"{formats.per_s(span['requests_per_s'])} requests/s,"
        f" {formats.per_s(span['output_tokens_per_s'])} output and"
        f" {formats.per_s(span['total_tokens_per_s'])} total tokens/s"
    )


def _lengths(lengths: JSON) -> str:
    told = (
        f"{title} mean {formats.number(each['mean'])}, p95 {formats.number(each['p95'])}"
        for title, each in (("prompts", lengths["isl"]), ("answers", lengths["osl"]))
    )
    return _LABEL.format("lengths in tokens") + "; ".join(told)


def _goodput(document: JSON) -> str:
    goals, share = document["run"]["slo"], document["figures"]["all"]["goodput_share"]
    told = _LABEL.format("goodput") + formats.percent(share)
    if goals is None:
        return told
    ttft, itl = formats.latency_s(goals["ttft_s"]), formats.latency_s(goals["itl_s"])
    return f"{told} of all within TTFT {ttft} and mean ITL {itl}"


def _server(server: JSON) -> Iterator[str]:
    """What the server said of itself."""

    def told(name: str, say: Callable[[float], str]) -> str:
        gauge = server[name]
        return (
            formats.NO_DATA if gauge is None else f"{say(gauge['mean'])}, max {say(gauge['max'])}"
        )

    yield (
        _LABEL.format("server") + f"queued {told('queued', formats.number)};"
        f" running {told('running', formats.number)}"
    )
    yield (
        _LABEL.format("") + f"KV use {told('kv_use', formats.percent)};"
        f" prefix hits {formats.percent(server['prefix_hit_share'])}"
    )
    if server["not_found"]:
        yield _LABEL.format("") + f"not told there: {', '.join(server['not_found'])}"
    if server["problem"]:
        yield _LABEL.format("") + server["problem"]
