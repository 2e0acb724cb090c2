"""The facts that a deployment may choose without editing a file: region, GPU size, model, bucket.

Each choice brings along every fact that depends on it (a GPU size its memory and, where somebody
has timed that card, its times; a checkpoint its weights), so that the rules judge what would really
be deployed. It must not read the environment of the process; callers pass the variables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gtc_spec.cloud import bill, gpus, spaces
from gtc_spec.cloud.nodes import CpuNodes
from gtc_spec.engines import REAL
from gtc_spec.engines.timed import timed_for
from gtc_spec.environment import Environment, load
from gtc_spec.errors import UsageError
from gtc_spec.serving import CHECKPOINTS

_SWITCH: Final = {"on": True, "off": False}

Facts = dict[str, Any]


def load_with(
    name: str, variables: Mapping[str, str], overrides: Facts | None = None
) -> Environment:
    """An environment with the choices that these variables make.

    Args:
        name: One of `gtc_spec.environment.ENVIRONMENTS`.
        variables: Such as ``os.environ``; empty values count as not given, others are ignored.
        overrides: Facts that win over the choices, as for `load`.

    Raises:
        UsageError: A choice is not one of what is allowed.
        ConfigError: The environment breaks a rule with these choices.
    """
    chosen = {key: value for key in CHOICES if (value := variables.get(key, "").strip())}
    facts: Facts = {}
    if chosen:
        base = load(name)
        for key, value in chosen.items():
            facts |= CHOICES[key][1](base, value)
        facts |= _profile(base, facts)
    return load(name, facts | (overrides or {}))


def _region(_base: Environment, value: str) -> Facts:
    return {"region": _matching("region", spaces.REGION, value, "a slug like atl1")}


def _bucket(_base: Environment, value: str) -> Facts:
    allowed = "3 to 63 of a-z 0-9 . -"
    return {"spaces.bucket": _matching("bucket", spaces.BUCKET, value, allowed)}


def _spaces_region(_base: Environment, value: str) -> Facts:
    region = _matching("region", spaces.REGION, value, "a slug like atl1")
    return {"spaces.region": region, "spaces.endpoint": ""}


def _spaces_endpoint(_base: Environment, value: str) -> Facts:
    allowed = "https://host[:port]"
    return {"spaces.endpoint": _matching("endpoint", spaces.ENDPOINT, value, allowed)}


def _grove(_base: Environment, value: str) -> Facts:
    if value not in _SWITCH:
        raise UsageError(f"grove is {value!r}, allowed: {' or '.join(_SWITCH)}")
    return {"grove": _SWITCH[value]}


def _matching(what: str, pattern: str, value: str, allowed: str) -> str:
    if not re.fullmatch(pattern, value):
        raise UsageError(f"not a {what}: {value!r}, allowed: {allowed}")
    return value


def _gpu_size(base: Environment, value: str) -> Facts:
    """Of this size as many nodes as the GPUs of the environment need; nothing where it has none."""
    if isinstance(base.nodes, CpuNodes):
        return {}
    try:
        gpus.known_size(value)
    except ValueError:
        known = " or ".join(gpus.of_nvidia())
        raise UsageError(
            f"unknown gpu size {value!r}, allowed: {known} sizes like {base.nodes.size}"
        ) from None
    return {
        "nodes.size": value,
        "nodes.count": math.ceil(base.slots / gpus.per_node(value)),
    }


def _model(base: Environment, value: str) -> Facts:
    if value == base.model.repository:
        return {}
    if value not in CHECKPOINTS:
        raise UsageError(
            f"unknown model {value!r}, allowed: {', '.join(CHECKPOINTS)}",
            "another one needs its facts under [model] in environments/*.toml",
        )
    checkpoint = CHECKPOINTS[value]
    profile = {"model.profile": checkpoint.profile} if checkpoint.profile else {}
    return {
        "model.repository": value,
        "model.served_name": checkpoint.served_name,
        "model.parameters_billion": checkpoint.parameters_billion,
        "model.weight_bytes": checkpoint.weight_bytes,
        **profile,
    }


def _engine(base: Environment, value: str) -> Facts:
    """Nothing where workers are simulated, or where it is the engine anyway."""
    if isinstance(base.nodes, CpuNodes) or value == base.engine.name:
        return {}
    if value not in REAL:
        raise UsageError(f"unknown engine {value!r}, allowed: {', '.join(REAL)}")
    return {"engine": value}


def _profile(base: Environment, facts: Facts) -> Facts:
    """The timings of the engine that was chosen, for the model and on the card that were chosen."""
    if not {"engine", "nodes.size"} & facts.keys():
        return {}
    named = facts.get("model.profile", base.model.profile)
    engine = facts.get("engine", base.engine.name)
    return {"model.profile": timed_for(named, engine, gpus.card(facts.get("nodes.size", "")))}


def _until(_base: Environment, value: str) -> Facts:
    return {"until": bill.parse_until(value)}


CHOICES: Final[Mapping[str, tuple[str, Callable[[Environment, str], Facts]]]] = {
    "GTC_REGION": ("region of everything but the bucket, such as atl1", _region),
    "GTC_GPU_TYPE": ("size of the GPU nodes, such as gpu-h100x1-80gb", _gpu_size),
    "GTC_ENGINE": (f"what computes the tokens: {', '.join(REAL)}", _engine),
    "GTC_MODEL": ("HuggingFace repository of the checkpoint", _model),
    "GTC_UNTIL": (
        "when all of it is to be gone: a date with its zone; beside make also +8h or +2d",
        _until,
    ),
    "GTC_BUCKET": ("bucket of models and corpus", _bucket),
    "GTC_SPACES_REGION": ("region of the bucket, which does not follow GTC_REGION", _spaces_region),
    "GTC_SPACES_ENDPOINT": (
        "another object store, https://host; empty: Spaces in the bucket's region",
        _spaces_endpoint,
    ),
    "GTC_GROVE": ("on, or off for plain Deployments without Grove and KAI", _grove),
}
"""Variable: what it chooses, and how."""
