"""What the public face of the constructs offers: inputs, outputs, methods and errors of each name.

It must not know how a page looks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

from tools.reference.docstrings import Docstring
from tools.reference.source import find, lineage, public_names, text_after, tree

COMMON = "GtcConstruct"
"""What it has, every construct has; it is said once."""
_PROPERTIES = {"property", "cached_property"}
Sort = Literal[
    "construct", "stack", "value", "protocol", "choices", "function", "constant", "cdktf"
]


@dataclass(frozen=True)
class Parameter:
    """Something to give.

    Attributes:
        name: Its name.
        kind: Its type as it is written; empty where none is.
        default: The default as it is written; None for what must be given.
        text: What the docstring says.
    """

    name: str
    kind: str
    default: str | None
    text: str


@dataclass(frozen=True)
class Output:
    """Something to take: a property, or an attribute that is set when it is made."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Method:
    """Something to call; with ``makes`` on the class, to make one."""

    name: str
    makes: bool
    inputs: tuple[Parameter, ...]
    kind: str
    doc: Docstring


@dataclass(frozen=True)
class Thing:
    """One public name."""

    name: str
    home: str
    sort: Sort
    doc: Docstring = field(default_factory=Docstring)
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Output, ...] = ()
    methods: tuple[Method, ...] = ()
    raises: bool = False
    """Whether its own code raises an error when one is made."""


def things() -> dict[str, Thing]:
    """Every public name, sorted, with what can be said of it."""
    return {name: thing(name, home) for name, home in sorted(public_names().items())}


def common() -> Thing:
    """What every construct has."""
    return thing(COMMON, "gtc_constructs.base")


def thing(name: str, module: str) -> Thing:
    """What a module offers under a name."""
    found = find(name, module)
    if found is None:
        return Thing(name, "cdktf", "cdktf")
    node, home = found
    if isinstance(node, ast.ClassDef):
        return _class(node, home)
    if isinstance(node, ast.FunctionDef):
        doc = Docstring.read(ast.get_docstring(node))
        inputs = tuple(_arguments(node, doc.inputs))
        return Thing(name, home, "function", doc, inputs)
    body = tree(home).body
    return Thing(name, home, "constant", Docstring.read(text_after(body, body.index(node))))


def _class(node: ast.ClassDef, home: str) -> Thing:
    classes = [each for each, _ in lineage(node, home)]
    sort = _sort(classes)
    doc = Docstring.read(ast.get_docstring(node))
    if sort == "choices":
        members = (
            Output(target.id, ast.unparse(each.value), text_after(node.body, at))
            for at, each in enumerate(node.body)
            if isinstance(each, ast.Assign) and isinstance(target := each.targets[0], ast.Name)
        )
        return Thing(node.name, home, sort, doc, outputs=tuple(members))
    makers = [f for each in classes for f in _functions(each) if f.name == "__init__"]
    texts = {k: v for each in reversed(classes) for k, v in _doc(each).inputs.items()}
    inputs = tuple(_arguments(makers[0], doc.inputs) if makers else _fields(classes, texts))
    own = [each for each in classes if each.name != COMMON or node.name == COMMON]
    outputs = {each.name: each for each in _outputs(own, inputs)}
    methods = {m.name: m for each in reversed(own) for m in _methods(each)}
    if node.name != COMMON and sort == "construct":
        methods.pop("problems", None)
    return Thing(
        node.name, home, sort, doc, inputs, tuple(outputs.values()), tuple(methods.values()),
        raises=any(_raises(each) for each in own),
    )  # fmt: skip


def _sort(classes: list[ast.ClassDef]) -> Sort:
    bases = {ast.unparse(base).partition("[")[0] for each in classes for base in each.bases}
    if "Protocol" in bases:
        return "protocol"
    if bases & {"StrEnum", "Enum", "IntEnum"}:
        return "choices"
    if "TerraformStack" in bases:
        return "stack"
    return "construct" if "Construct" in bases else "value"


def _arguments(function: ast.FunctionDef, texts: Mapping[str, str]) -> Iterator[Parameter]:
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [*([None] * (len(plain) - len(given.defaults))), *given.defaults]
    for each, default in [
        *zip(plain, defaults, strict=True),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]:
        if each.arg not in ("self", "cls"):
            yield Parameter(each.arg, _text(each.annotation), _optional(default), _of(each, texts))
    if given.kwarg:
        text = texts.get(given.kwarg.arg, "")
        yield Parameter(f"**{given.kwarg.arg}", _text(given.kwarg.annotation), "{}", text)


def _of(each: ast.arg, texts: Mapping[str, str]) -> str:
    return texts.get(each.arg, "")


def _fields(classes: list[ast.ClassDef], texts: Mapping[str, str]) -> Iterator[Parameter]:
    """What a value is made of, those of a parent first."""
    found = {}
    for each in reversed(classes):
        for at, node in enumerate(each.body):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                below = Docstring.read(text_after(each.body, at)).summary
                found[node.target.id] = node, texts.get(node.target.id) or below
    for name, (node, text) in found.items():
        if not name.startswith("_") and not _text(node.annotation).startswith("ClassVar"):
            yield Parameter(name, _text(node.annotation), _made(node.value), text)


def _made(value: ast.expr | None) -> str | None:
    """The default of a field: what its factory makes, where it has one."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("field", "Field"):
        for word in value.keywords:
            if word.arg == "default_factory":
                made = ast.unparse(word.value)
                return {"dict": "{}", "list": "[]", "tuple": "()"}.get(made, f"{made}()")
            if word.arg == "default":
                return ast.unparse(word.value)
        return ast.unparse(value.args[0]) if value.args else None
    return _optional(value)


def _outputs(classes: list[ast.ClassDef], inputs: tuple[Parameter, ...]) -> Iterator[Output]:
    """Properties, and attributes that a class sets by itself; a child's after its parent's."""
    texts = {each.name: each for each in inputs}
    results = {f.name: _text(f.returns) for each in reversed(classes) for f in _functions(each)}
    for node in reversed(classes):
        functions, described = _functions(node), set()
        if any(each.name == "__init__" for each in functions):
            yield from (declared := list(_declared(node)))
            described = {each.name for each in declared if each.text}
        for function in functions:
            if not _decorated(function) & _PROPERTIES:
                found = _set_in(function, texts, results)
                yield from (each for each in found if each.name not in described)
            elif _public(function.name):
                yield Output(function.name, _text(function.returns), _doc(function).summary)


def _declared(node: ast.ClassDef) -> Iterator[Output]:
    for at, each in enumerate(node.body):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield Output(each.target.id, _text(each.annotation), text_after(node.body, at))


def _set_in(
    function: ast.FunctionDef, texts: Mapping[str, Parameter], results: Mapping[str, str]
) -> Iterator[Output]:
    """Public attributes that a method sets, with their types as far as they are written."""
    for at, statement in enumerate(function.body):
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        noted = _text(getattr(statement, "annotation", None))
        for target, value in _pairs(targets[0], statement.value):
            if _is_own(target):
                given = texts.get(target.attr)
                said = text_after(function.body, at) or (given.text if given else "")
                kind = noted or _kind(value, texts, results)
                yield Output(target.attr, kind, Docstring.read(said).summary)


def _is_own(target: ast.expr) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
        and _public(target.attr)
    )


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=False)
    else:
        yield target, value


def _kind(
    value: ast.expr | None, texts: Mapping[str, Parameter], results: Mapping[str, str]
) -> str:
    """The type of what is set, where the code says it; else nothing."""
    if isinstance(value, ast.Name):
        return texts[value.id].kind if value.id in texts else ""
    if isinstance(value, ast.JoinedStr):
        return "str"
    if isinstance(value, ast.IfExp):
        either = [_kind(each, texts, results) for each in (value.body, value.orelse)]
        return " | ".join(
            dict.fromkeys(sorted(filter(None, either), key=lambda one: one == "None"))
        )
    if isinstance(value, ast.BoolOp):
        return _kind(value.values[0], texts, results)
    if isinstance(value, ast.Constant):
        return type(value.value).__name__.replace("NoneType", "None")
    if not isinstance(value, ast.Call):
        return ""
    called = ast.unparse(value.func)
    if called.startswith("self."):
        return results.get(called.removeprefix("self."), "")
    return called if called[:1].isupper() and "." not in called else ""


def _methods(node: ast.ClassDef) -> Iterator[Method]:
    for function in _functions(node):
        how = _decorated(function)
        if how & _PROPERTIES or not _public(function.name):
            continue
        doc = _doc(function)
        makes = bool(how & {"classmethod", "staticmethod"})
        inputs = tuple(_arguments(function, doc.inputs))
        yield Method(function.name, makes, inputs, _text(function.returns), doc)


def _raises(node: ast.ClassDef) -> bool:
    """Whether the code that makes one raises, itself or in a method of the class."""
    return any(isinstance(each, ast.Raise) and each.exc for each in ast.walk(node))


def _functions(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [each for each in node.body if isinstance(each, ast.FunctionDef)]


def _decorated(function: ast.FunctionDef) -> set[str]:
    return {ast.unparse(each).rpartition(".")[2] for each in function.decorator_list}


def _doc(node: ast.ClassDef | ast.FunctionDef) -> Docstring:
    return Docstring.read(ast.get_docstring(node))


def _public(name: str) -> bool:
    return not name.startswith("_")


def _text(node: ast.expr | None) -> str:
    return "" if node is None else ast.unparse(node).strip("'\"")


def _optional(node: ast.expr | None) -> str | None:
    return None if node is None else ast.unparse(node)
