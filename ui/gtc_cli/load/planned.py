"""From the flags of `gtc load run` to a plan: everything is checked before any load."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from gtc_cli.load import goals
from gtc_cli.load.probe import probe
from gtc_cli.load.run import Plan
from gtc_runtime import choices
from gtc_runtime.load.asking.access import OURS, Access
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.demand.forms import Demand, Rate, Replay, Streams
from gtc_runtime.load.prompts.chosen import (
    Chosen,
    Length,
    PromptFile,
    Synthetic,
    TraceFile,
    Wording,
)
from gtc_runtime.load.prompts.files import read_scripts
from gtc_runtime.load.prompts.prompt import TokenRatio
from gtc_runtime.load.prompts.trace import read_trace
from gtc_runtime.load.prompts.written import common_words
from gtc_runtime.load.settings import LoadSettings, RequestGoals, Timeouts, settings_from
from gtc_spec import foreign_json
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.workloads import COUNT, WorkloadMix

RPS_MAX: Final = 10_000.0
STREAMS_PER_SHARD: Final = 1_000
"""Open streams that one process follows faithfully at 20 ms a token, see docs/load.md."""
DURATION_S: Final = 60.0

Flags = dict[str, Any]


def plan(flags: Flags) -> Plan:
    """The run that the flags ask for; its demand is the first one of several.

    Raises:
        UsageError: A flag holds something that is not allowed, or goes with no other.
    """
    probe.check(flags["url"])
    environment = choices.environment(flags["env"])
    settings = _settings(environment, flags)
    own = settings.own
    mix = None if own is not None else _mix(environment, flags["mix"])
    if own is not None and flags["mix"] is not None:
        raise UsageError(
            f"--mix is of the {COUNT} workloads, and prompts of one's own replace them"
        )
    demand = _demand(flags, mix, settings)
    duration_s = flags["duration_s"]
    if duration_s is None:
        duration_s = DURATION_S if demand.requests is None else math.inf
    elif not math.isfinite(duration_s):
        raise UsageError(f"duration {duration_s:g} s is not allowed: it must end")
    return Plan(settings, demand, duration_s, flags["warmup_s"])


def rate(value: float) -> float:
    """A rate that can be sent.

    Raises:
        UsageError: It is none.
    """
    if not 0 < value <= RPS_MAX:
        raise UsageError(f"rate {value:g} rps is out of range, allowed: above 0, up to {RPS_MAX:g}")
    return value


def demand_of(kind: str, value: float, like: Demand) -> Demand:
    """A load of another size, and otherwise like one.

    Args:
        kind: `rps` or `concurrency`.
        value: Its size.
        like: What it is like.
    """
    size: Flags = {"rps": rate(value)} if kind == "rps" else {"streams": round(value)}
    return like.model_copy(update=size)


def _demand(flags: Flags, mix: WorkloadMix | None, settings: LoadSettings) -> Demand:
    forms = ("rps", "concurrency", "trace", "sweep", "find_knee")
    asked = [name for name in forms if flags[name] is not None]
    if flags["find_knee"] in asked:
        asked.remove(flags["find_knee"])  # where the search begins
    if len(asked) != 1:
        named = " and ".join(f"--{name.replace('_', '-')}" for name in asked) or "none"
        raise UsageError(
            f"how much load? one of --rps, --concurrency, --trace, --sweep and --find-knee is"
            f" needed, given: {named}",
            "--rps 5 sends five requests a second",
        )
    requests, ramp_s = flags["requests"], flags["ramp_s"]
    if asked == ["trace"]:
        return _replay(flags)
    if flags["concurrency"] is not None or _kind(flags) == "concurrency":
        streams = flags["concurrency"] or 1
        if streams > settings.limits.in_flight_max:
            raise UsageError(
                f"{streams} open requests are more than {settings.limits.in_flight_max}",
                f"--shards {math.ceil(streams / STREAMS_PER_SHARD)}",
            )
        return Streams(streams=streams, mix=mix, ramp_s=ramp_s, requests=requests)
    rps = 1.0 if flags["rps"] is None else rate(flags["rps"])
    return Rate(rps=rps, mix=mix, pacing=flags["pacing"], ramp_s=ramp_s, requests=requests)


def _kind(flags: Flags) -> str:
    """What a sweep or a search varies."""
    sweep = flags["sweep"] or ""
    return flags["find_knee"] or ("concurrency" if sweep.startswith("concurrency:") else "rps")


def _replay(flags: Flags) -> Replay:
    if flags["warmup_s"] or flags["ramp_s"]:
        raise UsageError("a trace has its own course: --warmup and --ramp do not go with --trace")
    rows = len(read_trace(flags["trace"]))
    return Replay(speed=flags["speed"], requests=min(rows, flags["requests"] or rows))


def _mix(environment: Environment, text: str | None) -> WorkloadMix:
    return environment.table.phases[0].mix if text is None else WorkloadMix.parse(text)


def _settings(environment: Environment, flags: Flags) -> LoadSettings:
    settings = settings_from(environment, flags["url"], seed=flags["seed"])
    caps = {"prompt_tokens_max": flags["prompt_tokens_max"], "max_tokens_max": flags["max_tokens"]}
    own = _own(flags, settings.limits.tokens_per_word)
    if own is not None:  # who chooses lengths needs no cap
        caps = {name: cap or 10**7 for name, cap in caps.items()}
    limits = settings.limits.model_copy(
        update={"rps_max": RPS_MAX, "in_flight_max": STREAMS_PER_SHARD * flags["shards"]}
        | {name: cap for name, cap in caps.items() if cap is not None}
    )
    default = settings.slo or RequestGoals(
        ttft_s=environment.slo.ttft_p95_s, itl_s=environment.slo.itl_p95_s
    )
    return settings.model_copy(
        update={
            "model": flags["model"], "limits": limits, "shards": flags["shards"], "own": own,
            "slo": default if flags["slo"] is None else goals.parse(flags["slo"], default),
            "api_key_env": _named_key(flags["api_key_env"]),
            "timeouts": Timeouts().patient(flags["first_token_s"]),
            "dialect": Dialect(endpoint=flags["endpoint"], extra=_object(flags["extra_body"])),
            "access": Access(
                headers=_headers(flags["headers"]), ca=_certificates(flags["ca"]),
                insecure=flags["insecure"],
            ),
        }
    )  # fmt: skip


def _own(flags: Flags, tokens_per_word: float) -> Chosen | None:
    """Prompts of one's own, read once so that a broken file is told now."""
    given = [name for name in ("isl", "prompts", "trace") if flags[name] is not None]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]} both say what is asked, allowed: one")
    osl = None if flags["osl"] is None else _length("--osl", flags["osl"])
    wording = Wording(words=common_words())
    if flags["trace"] is not None:
        return TraceFile(path=flags["trace"].resolve(), wording=wording)
    if flags["prompts"] is not None:
        read_scripts(flags["prompts"], TokenRatio(tokens_per_word))
        return PromptFile(path=flags["prompts"].resolve(), osl=osl)
    if (flags["isl"] is None) != (osl is None):
        raise UsageError("--isl and --osl go together", "--isl 2000,200 --osl 300")
    if osl is None:
        return None
    return Synthetic(isl=_length("--isl", flags["isl"]), osl=osl, wording=wording)


def _length(flag: str, text: str) -> Length:
    mean, _, stddev = text.partition(",")
    try:
        return Length(mean=float(mean), stddev=float(stddev or 0))
    except ValueError:
        raise UsageError(
            f"{flag} {text} is no length, allowed: MEAN or MEAN,STDDEV in tokens, the mean from 1",
            f"{flag} 2000,200",
        ) from None


def _headers(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, colon, value = text.partition(":")
        name, value = name.strip(), value.strip()
        plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not colon or not plain or not value.isprintable() or not value.isascii():
            raise UsageError(f"no header: {name!r}, allowed: 'NAME: VALUE'", "--header 'x-team: a'")
        if name.lower() in OURS:
            raise UsageError(f"the header {name} is set by the load itself")
        found[name] = value
    return found


def _object(text: str | None) -> Flags:
    if text is None:
        return {}
    try:
        found = foreign_json.read(text)
    except ValueError as error:
        raise UsageError(f"--extra-body is not JSON: {str(error).lower()}") from None
    if not isinstance(found, dict):
        raise UsageError("--extra-body is not an object", """--extra-body '{"temperature": 0}'""")
    return found


def _certificates(path: Path | None) -> Path | None:
    if path is not None:
        try:
            Access(ca=path).tls()
        except OSError:
            raise UsageError(f"{path} holds no certificates", "a file in PEM form") from None
    return path


def _named_key(name: str) -> str:
    """The name of a variable that holds a usable key.

    Raises:
        UsageError: It holds none; what it holds is not repeated.
    """
    key = os.environ.get(name, "") if name else ""
    if name and (not key or not key.isascii() or not key.isprintable() or " " in key):
        raise UsageError(f"the variable {name} holds no key", f"export {name}=…")
    return name
