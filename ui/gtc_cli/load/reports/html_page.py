"""The report as one HTML file that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gtc_cli.load import words
from gtc_cli.load.reports.plots import drawings
from gtc_runtime import formats

JSON = dict[str, Any]

TEMPLATE = "report.html.j2"


def html_page(document: JSON) -> str:
    """The page of a report document."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "ms": formats.latency, "percent": formats.percent, "rate": formats.per_s,
        "number": formats.number, "counted": words.counted,
    }  # fmt: skip
    source = (resources.files("gtc_cli.load.reports") / TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(
        document,
        keys=words.shown(document["figures"]),
        spans=words.SPANS,
        stamps=words.STAMPS.get(document["quality"]["stamp_source"], "from an unknown source"),
        light=formats.LIGHTS[document["quality"]["light"]],
        plots={name: Markup(svg) for name, svg in drawings(document).items()},  # noqa: S704
    )
