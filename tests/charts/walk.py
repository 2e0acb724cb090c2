"""Ways through nested data, and what charts and monitors must not get."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from gtc_spec.versions import DEAD_HOMES

Json = dict[str, Any]
UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def mappings(value: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every mapping inside, with the path to it."""
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            yield from mappings(item, f"{path}.{key}".strip("."))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from mappings(item, f"{path}[{index}]")


def words_read_otherwise(value: Any) -> list[str]:
    """Items of lists that change when a chart prints them without quotes."""
    return [
        f"{path}.{key}: {item}"
        for path, each in mappings(value)
        for key, items in each.items()
        if isinstance(items, list)
        for item in items
        if isinstance(item, str) and read(item) != item
    ]


def read(text: str) -> Any:
    """What YAML makes of a bare word; Helm's takes more for numbers than Python's, such as 1e3."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(f"- {text}")[0]
    except yaml.YAMLError:
        return None


def seconds(duration: str) -> float:
    """A duration as Prometheus writes it."""
    parts = re.findall(r"(\d+)(ms|s|m|h)", duration)
    assert "".join(number + unit for number, unit in parts) == duration, duration
    return sum(int(number) * UNITS_S[unit] for number, unit in parts)


def impatient(value: Any, prefix: str = "") -> list[str]:
    """Where an interval stands without a timeout that fits into it."""
    return [
        f"{path}: {each}"
        for path, each in mappings(value)
        for interval in ("interval", "scrapeInterval")
        if interval in each and not fits(each[interval], each.get("scrapeTimeout", ""))
    ]


def fits(interval: str, timeout: str) -> bool:
    """Whether prometheus-operator keeps a monitor with these two."""
    return bool(interval and timeout) and seconds(timeout) <= seconds(interval)


def unfit(image: str) -> str:
    """Why an image cannot be relied on; empty when it can."""
    home, version = split(image)
    if "@sha256:" in image:
        version = "digest"
    if version in ("", "latest"):
        return f"{image} floats"
    dead = [why for place, why in DEAD_HOMES.items() if f"{home}/".startswith(f"{place}/")]
    return f"{image}: {dead[0]}" if dead else ""


def split(image: str) -> tuple[str, str]:
    """Home with its registry, and tag; Docker's own short names are written out."""
    name, _, digest = image.partition("@")
    repository, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "")
    first = repository.split("/")[0]
    if not ("." in first or ":" in first or first == "localhost"):
        repository = f"docker.io/{repository if '/' in repository else f'library/{repository}'}"
    return repository, digest or tag
