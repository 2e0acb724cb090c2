"""Pages of the reference: one for every public name, and one that lists them.

It must not know Python's syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tools.reference.source import ROOT, file_of
from tools.reference.things import Method, Output, Parameter, Sort, Thing, common, things

Rows = list[tuple[str, ...]]
_HEAD = ("input", "type", "unit", "default", "what")
FOLDER = ROOT / "docs" / "constructs"
ROOMS = {
    "cluster": ("gtc_constructs.cluster", "gtc_spec.cloud"),
    "platform": ("gtc_constructs.platform",),
    "serving": ("gtc_constructs.serving", "gtc_spec.manifests", "gtc_spec.pools"),
    "graph": ("gtc_spec.graph", "gtc_spec.engines", "gtc_spec.serving"),
    "app": ("gtc_",),
}
"""Folder of a page by where its name is defined; the first that fits."""
ABOUT = {
    "cluster": "Network, Kubernetes, nodes, a share",
    "platform": "What a cluster needs before it serves",
    "serving": "Models on the share, workers, what scales them",
    "graph": "What is served and by what, as plain values",
    "app": "App, stacks, secrets and whatever else",
}
SORTS: dict[Sort, str] = {
    "construct": "construct",
    "stack": "stack",
    "value": "value",
    "protocol": "protocol",
    "choices": "enumeration",
    "function": "function",
    "constant": "constant",
    "cdktf": "of cdktf",
}

_SUFFIXES = {
    "_s": "s", "_ms": "ms", "_gib": "GiB", "_bytes": "bytes", "_tokens": "tokens",
    "_rps": "requests/s", "_usd": "USD", "_billion": "10⁹", "_mib": "MiB", "_cpu": "CPUs",
}  # fmt: skip
_COUNTED = re.compile(
    r"\b(seconds|minutes|hours|GiB|nodes?|GPUs?|workers?|replicas?|processes|tokens|requests"
    r"|streams|blocks|value|port|times|revision)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\b(int|float|timedelta)\b")
_DEFAULT = re.compile(r"\s*\bDefault: (.*?)\.?(?:(?<=\.) (?=[A-Z])|$)")


def files() -> dict[Path, str]:
    """Every page of the reference and its text."""
    known = things()
    pages = {
        FOLDER / room(each) / f"{name}.md": _page(each, known)
        for name, each in known.items()
        if each.sort != "cdktf"
    }
    return {FOLDER / "README.md": _index(known), **pages}


def room(thing: Thing) -> str:
    """The folder of its page."""
    return next(name for name, homes in ROOMS.items() if thing.home.startswith(homes))


def unit(each: Parameter) -> str:
    """What a number counts or is measured in; empty for what is no number."""
    if not _NUMBER.search(each.kind):
        return ""
    for suffix, word in _SUFFIXES.items():
        if each.name.endswith(suffix):
            return word
    if "timedelta" in each.kind:
        return "duration"
    found = _COUNTED.search(each.text)
    return found[1].lower().replace("gpu", "GPU").replace("gib", "GiB") if found else ""


def split_default(each: Parameter) -> tuple[str, str]:
    """What the text says besides the default, and the default in words."""
    found = _DEFAULT.search(each.text)
    if each.default is None:
        return each.text, "required"
    if not found:
        return each.text, f"`{each.default}`"
    said = " ".join(filter(None, (each.text[: found.start()].strip(), each.text[found.end() :])))
    return said, found[1]


def _page(thing: Thing, known: dict[str, Thing]) -> str:
    path = file_of(thing.home).relative_to(ROOT)
    parts = [
        f"# {thing.name}",
        f"`gtc_constructs.{thing.name}`: {_article(SORTS[thing.sort])}, defined in "
        f"[{path}](../../../{path}).",
        thing.doc.summary,
        thing.doc.body,
        *_inputs(thing),
        *_section("Members" if thing.sort == "choices" else "Outputs", _output_rows(thing, known)),
        *_methods(thing),
        *_section("Errors", [("error", "when"), *_rows(thing.doc.errors.items())]),
        *_examples(thing.name),
    ]
    text = "\n\n".join(filter(None, map(str.strip, parts)))
    return f"<!-- written by make docs -->\n\n{_linked(text, thing, known)}\n"


def _inputs(thing: Thing) -> Iterator[str]:
    rows: Rows = [_HEAD]
    rows += [_input_row(each) for each in thing.inputs]
    yield from _section("Inputs", rows)
    if thing.sort == "value" and thing.inputs:
        yield "Each input is an attribute of the value too."


def _input_row(each: Parameter) -> tuple[str, ...]:
    said, default = split_default(each)
    return f"`{each.name}`", _code(each.kind), unit(each), default, said


def _output_rows(thing: Thing, known: Mapping[str, Thing]) -> Rows:
    head = ("member", "value", "what") if thing.sort == "choices" else ("output", "type", "what")
    return [head, *((f"`{o.name}`", _code(o.kind), _said(o, known)) for o in thing.outputs)]


def _said(output: Output, known: Mapping[str, Thing]) -> str:
    """What is said of it, without the default of the input of the same name."""
    if output.text:
        return split_default(Parameter(output.name, output.kind, "", output.text))[0]
    made = output.kind.removesuffix(" | None")
    inside = known[made].sort == "construct" if made in known else made[:1].isupper()
    return "what it makes inside" if inside and "[" not in made else ""


def _methods(thing: Thing) -> Iterator[str]:
    for title, makes in (("Ways to make one", True), ("Methods", False)):
        chosen = [each for each in thing.methods if each.makes == makes]
        if chosen:
            yield f"## {title}"
            for each in chosen:
                yield from _method(thing, each)


def _method(thing: Thing, method: Method) -> Iterator[str]:
    given = ", ".join(_argument(each) for each in method.inputs)
    gives = method.kind if method.kind not in ("Self", "None", "") else ""
    called = f"{thing.name}.{method.name}" if method.makes else f".{method.name}"
    yield f"### `{called}({given})`" + (f" → {_code(gives)}" if gives else "")
    yield method.doc.summary
    yield method.doc.body
    if method.doc.inputs:
        yield _table([_HEAD, *map(_input_row, method.inputs)])
    for error, when in method.doc.errors.items():
        yield f"Raises `{error}`: {when}"


def _argument(each: Parameter) -> str:
    if each.default is None or each.name.startswith("*"):
        return each.name
    return f"{each.name}={each.default}"


def _examples(name: str) -> Iterator[str]:
    """Programs that use it."""
    uses = re.compile(rf"\bgtc\.{name}\b")
    found = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / "examples").glob("**/*.py"))
        if uses.search(path.read_text(encoding="utf-8"))
    ]
    if found:
        yield "## Used in"
        yield ", ".join(f"[{path}](../../../{path})" for path in found)


def _index(known: dict[str, Thing]) -> str:
    parts = [
        "<!-- written by make docs -->",
        "# Reference of the constructs",
        "Everything that `import gtc_constructs as gtc` offers, from signatures and docstrings. "
        "How it is used: [constructs/README.md](../../constructs/README.md), "
        "[examples](../../examples).",
    ]
    for folder, title in ABOUT.items():
        rows: Rows = [("name", "is", "what")]
        rows += [
            (f"[{name}]({folder}/{name}.md)", SORTS[each.sort], _first_sentence(each))
            for name, each in known.items()
            if each.sort != "cdktf" and room(each) == folder
        ]
        parts += [f"## {title}", _table(rows)]
    passed_on = ", ".join(f"`{name}`" for name, each in known.items() if each.sort == "cdktf")
    parts += [f"Passed on from cdktf as they are: {passed_on}.", *_common()]
    return _plain("\n\n".join(parts)) + "\n"


def _common() -> Iterator[str]:
    shared = common()
    yield "## What every construct has"
    yield _table([_HEAD, *map(_input_row, shared.inputs)])
    yield _table(_output_rows(shared, {}))
    yield _table([("error", "when"), *_rows(shared.doc.errors.items())])


def _first_sentence(thing: Thing) -> str:
    return re.split(r"(?<=[.!?]) ", thing.doc.summary, maxsplit=1)[0]


def _section(title: str, rows: Rows) -> Iterator[str]:
    if len(rows) > 1:
        yield f"## {title}"
        yield _table(rows)


def _rows(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    return ((f"`{name}`", text) for name, text in pairs)


def _table(rows: Rows) -> str:
    head, *body = [
        f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |" for row in rows
    ]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])


def _code(text: str) -> str:
    parts = [text] if "[" in text else text.split(" | ")
    return " | ".join(f"`{each}`" for each in parts) if text else ""


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _linked(text: str, here: Thing, known: dict[str, Thing]) -> str:
    """The text with a link at every name that has a page of its own."""

    def link(found: re.Match[str]) -> str:
        name, rest = found[1], found[2]
        other = known.get(name)
        if other is None or other.sort == "cdktf" or name == here.name:
            return found[0]
        return f"[`{name}{rest}`](../{room(other)}/{name}.md)"

    return re.sub(r"`(\w+)((?:\.\w+)?)`", link, _plain(text))


def _plain(text: str) -> str:
    """Markdown of what was written for Sphinx."""
    return re.sub(r"``([^`\n]+(?:\n[^`\n]+)?)``", r"`\1`", text)
