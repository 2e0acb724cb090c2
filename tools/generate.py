"""Write what is derived from the facts into the repository: ``python tools/generate.py``.

``.env.example`` comes from the settings, the boards' JSON from the builders beside it; the
tables between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in docs/ come from the phase tables
and the metrics catalogue, programs in constructs/README.md from examples/, classes in
``gtc_constructs.terraform`` from the recorded schemas of providers, docs/constructs from signatures
and docstrings of the constructs. A test compares, so that a
changed fact cannot leave a page behind.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gtc_dashboards import build
from gtc_runtime import settings
from gtc_runtime.checks import preflight
from gtc_runtime.checks.check import Probe
from gtc_runtime.checks.doctor import doctor, origins
from gtc_spec import environment, versions
from gtc_spec.cloud import costs, images, pulled_images
from gtc_spec.phases import Segment
from gtc_spec.telemetry import metrics
from tools.fidelity import tables as fidelity
from tools.reference import pages as reference
from tools.terraform import classes

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
"""A stretch of a page that belongs to this tool; its second group names the table."""


def main() -> int:
    """Write every file whose text differs and name it."""
    for path, write in files().items():
        text = write()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))
    for path in left_over():
        path.unlink()
        print(f"{path.relative_to(ROOT)} is gone")
    return 0


def files() -> dict[Path, Callable[[], str]]:
    """Every generated file and page, with what makes the text that it should have."""
    made = {ROOT / ".env.example": settings.example(), **build.files(), **classes.files()}
    made |= reference.files()
    wanted: dict[Path, Callable[[], str]] = {path: partial(str, made[path]) for path in made}
    for page in (ROOT / "constructs" / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))):
        text = page.read_text(encoding="utf-8")
        if MARKED.search(text):
            # a table may be half a minute's work, for whoever only asks which files there are
            wanted[page] = partial(MARKED.sub, _filled, text)
    return wanted


def left_over() -> list[Path]:
    """Pages of the reference whose name is public no more."""
    return sorted(set(reference.FOLDER.glob("**/*.md")) - set(reference.files()))


def _filled(found: re.Match[str]) -> str:
    return f"{found[1]}{TABLES[found[2]]()}\n{found[3]}"


def metric_table() -> str:
    """Which metric exists where."""
    rows = [
        (f"`{each.name}`", each.emitter.value, _yes(each.deployed), _yes(each.rehearsal))
        for each in metrics.CATALOGUE.values()
    ]
    return table(("metric", "from", "cluster (0.8.1)", "rehearsal (1.4.2)"), rows)


def phase_table(name: str) -> str:
    """The show of one environment, one row a segment, as it is planned."""
    timeline = environment.load(name).timeline
    rows = (
        _phase_row(start_s, segment)
        for start_s, segment in zip(timeline.starts_s, timeline.segments, strict=True)
    )
    heads = ("from", "phase", "lasts", "rps", "A/B/C", "wants", "orders", "look at")
    return table(heads, rows)


def check_table(probes: Iterable[Probe[Any]]) -> str:
    """What these checks ask, in their order."""
    return table(("check", "asks"), ((f"*{each.name}*", each.asks) for each in probes))


def secret_table() -> str:
    """Where each secret of a deployment is made."""
    rows = (
        (f"`{name}`", settings.PURPOSES[name], f"<{each.page}>", each.scope)
        for name, each in origins.ORIGINS.items()
    )
    return table(("secret", "for", "made at", "choose"), rows)


def scope_list() -> str:
    """Scopes of a token that may do no more than it must."""
    return ", ".join(f"`{each}`" for each in origins.SCOPES)


def price_table() -> str:
    """What an hour of each environment costs, line by line."""
    rows = []
    for name in environment.ENVIRONMENTS:
        lines = costs.lines(environment.load(name))
        rows += [(name, each.what, f"{each.usd_h:.2f}", each.source) for each in lines]
        rows.append((name, "**together**", f"**{costs.usd_h(lines):.2f}**", ""))
    return table(("", "what", "USD/h", "source"), rows)


def image_table() -> str:
    """Every image that a cluster pulls, ours last."""
    rows = [
        (f"`{home}`", f"`{tag}`", each.release, each.why)
        for each in pulled_images.PULLED
        for home, _, tag in [each.reference.rpartition(":")]
    ]
    ours = (
        f"`{images.REGISTRY}/{images.IMAGE}`",
        "of the commit, or `TAG=`",
        "gtc-demo-panel",
        "panel, guardian and model jobs; `REGISTRY=` chooses another home",
    )
    return table(("image", "tag", "release", "what runs in it"), [*rows, ours])


def dead_home_table() -> str:
    """Where no image comes from any more."""
    rows = ((f"`{home}`", why) for home, why in versions.DEAD_HOMES.items())
    return table(("home", "what became of it"), rows)


def _phase_row(start_s: float, segment: Segment) -> tuple[str, ...]:
    ramps = segment.rps != segment.ramp_to_rps
    lasts = f"{segment.nominal_s:g} s"
    if segment.max_s > segment.nominal_s:
        lasts = f"{lasts} from Ready, at most {segment.max_s:g} s"
    settles = segment.kind == "settle"
    return (
        f"{int(start_s) // 60}:{int(start_s) % 60:02}",
        f"{segment.phase.name.value}{', settling' if settles else ''}",
        lasts,
        f"{segment.rps:g} → {segment.ramp_to_rps:g}" if ramps else f"{segment.rps:g}",
        str(segment.mix),
        str(segment.ratio),
        ", ".join(_orders(segment)) or "–",
        "the queues empty" if settles else segment.phase.narration.rstrip("."),
    )


def _orders(segment: Segment) -> Iterator[str]:
    """What is ordered beyond the segment's own ratio, and when."""
    for order in segment.orders:
        if order.at_s:
            yield f"{order.ratio} at +{order.at_s:g} s"
        elif order.ratio != segment.ratio:
            yield f"{order.ratio} from the start"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    return "\n".join(_lines(tuple(heads), rows))


def _lines(heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def example(name: str) -> str:
    """The program of an example, as a block of code."""
    code = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    return f"```python\n{code}```"


def _yes(there: bool) -> str:
    return "yes" if there else "–"


TABLES: dict[str, Callable[[], str]] = {
    "checks": lambda: check_table(preflight.PROBES),
    "doctor": lambda: check_table(doctor.PROBES),
    "secrets": secret_table,
    "scopes": scope_list,
    "prices": price_table,
    "dead-homes": dead_home_table,
    "images": image_table,
    "metrics": metric_table,
    "twin-points": fidelity.point_table,
    "twin-pair": fidelity.pair_table,
    "twin-replayed": fidelity.replay_table,
    "twin-shows": fidelity.show_table,
    **{f"phases-{name}": partial(phase_table, name) for name in environment.ENVIRONMENTS},
    **{
        f"example-{path.stem}": partial(example, path.stem)
        for path in (ROOT / "examples").glob("*.py")
    },
}
"""Table by the name in its marker."""


if __name__ == "__main__":
    sys.exit(main())
