"""Small faults to plant in the code of one module: one changed node of its syntax tree each.

Words are no decisions: strings, docstrings, annotations, decorators, formatted text, what is raised
with it, and calls that only tell (`TOLD`) get no fault inside. This module must not know tests.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
TOLD = {"debug", "info", "warning", "error", "exception", "print"}
"""Methods and functions that only tell somebody something."""
UNTOUCHED = {"annotation", "returns", "decorator_list", "type_params", "ctx", "bases"}
"""Fields of a node that decide nothing while the program runs."""


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes:
        place: Fields and indices from the root of the tree to the node.
        node: What stands there instead.
        line: Where, for people.
        function: Qualified name of the function around it; empty where code runs at import.
        key: Names it although lines move: function, what stood there, what stands there now.
    """

    place: tuple[str | int, ...]
    node: ast.AST
    line: int
    function: str
    key: str

    def planted(self, tree: ast.Module) -> ast.Module:
        """The tree of the module with this fault in it."""
        changed = copy.deepcopy(tree)
        at: object = changed
        for step in self.place[:-1]:
            at = at[step] if isinstance(step, int) else getattr(at, step)  # type: ignore[index]
        last = self.place[-1]
        if isinstance(last, int):
            at[last] = self.node  # type: ignore[index]
        else:
            setattr(at, last, self.node)
        return ast.fix_missing_locations(changed)


def faults(tree: ast.Module) -> list[Fault]:
    """Every fault that can be planted in a module, in the order of its lines."""
    seen: Counter[str] = Counter()
    found = []
    for place, node, other, names, function in _walk(tree, (), (), "", ast.Module([], [])):
        key = f"{'.'.join(names)}: {_text(node)} -> {_text(other)}"
        seen[key] += 1
        if seen[key] > 1:
            key += f" #{seen[key]}"
        line = getattr(node, "lineno", 0)
        found.append(Fault(place, ast.copy_location(other, node), line, function, key))
    return found


Found = tuple[tuple[str | int, ...], ast.AST, ast.AST, tuple[str, ...], str]


def _walk(
    node: ast.AST,
    place: tuple[str | int, ...],
    names: tuple[str, ...],
    function: str,
    parent: ast.AST,
) -> Iterator[Found]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        names = (*names, node.name)
        function = function if isinstance(node, ast.ClassDef) else ".".join(names)
    for other in _others(node, parent):
        yield place, node, other, names, function
    if _is_told(node):
        return
    for field, value in ast.iter_fields(node):
        if field in UNTOUCHED:
            continue
        if isinstance(value, ast.AST):
            yield from _walk(value, (*place, field), names, function, node)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _walk(each, (*place, field, index), names, function, node)


def _is_told(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return name in TOLD
    return isinstance(node, ast.JoinedStr | ast.Raise) or _is_type(node)


def _is_type(node: ast.AST) -> bool:
    """`Some | None`, `tuple[int, ...]` outside of annotations, an alias; or `strict` of a zip."""
    if isinstance(node, ast.keyword):
        return node.arg == "strict"
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name, value = node.targets[0].id, node.value
        return (
            name[:1].isupper()
            and not name.isupper()
            and isinstance(value, ast.Subscript | ast.BinOp | ast.Attribute)
        )
    return False


def _others(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """What could stand for a node and be wrong."""
    yield from _other_operators(node)
    yield from _other_values(node)
    if isinstance(node, ast.Call):
        yield from _other_calls(node)
    if isinstance(node, ast.expr) and _is_asked(node, parent):
        yield ast.UnaryOp(ast.Not(), node)
    yield from _removed(node)


def _other_operators(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                yield _with(node, ops=_put(node.ops, index, COMPARISONS[type(op)]()))
        case ast.BinOp() | ast.AugAssign():
            yield _with(node, op=ARITHMETIC[type(node.op)]())
        case ast.BoolOp():
            yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand


def _other_values(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
            yield ast.Constant(number - 1)
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        yield _with(node, func=ast.Name(SWAPPED[node.func.id], ast.Load()))
    for index, keyword in enumerate(node.keywords):
        if (
            keyword.arg not in (None, "strict")
            and not isinstance(keyword.value, ast.JoinedStr)
            and not _is_told(node)
        ):
            yield _with(node, keywords=node.keywords[:index] + node.keywords[index + 1 :])


def _is_asked(node: ast.expr, parent: ast.AST) -> bool:
    """Whether a value decides by being true; comparisons and the like have faults of their own."""
    if not isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr | ast.Subscript):
        return False
    asked = [getattr(parent, "test", None), *getattr(parent, "ifs", ())]
    if isinstance(parent, ast.BoolOp):
        asked += parent.values
    return any(node is each for each in asked)


def _removed(node: ast.AST) -> Iterator[ast.AST]:
    """A statement without its effect."""
    match node:
        case ast.Return(value=ast.Constant(value=None) | None):
            yield ast.Pass()
        case ast.Return():
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() | ast.Tuple()]):
            yield ast.Pass()
        case ast.AnnAssign(target=ast.Attribute(), value=ast.AST()):
            yield ast.Pass()
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Expr() if not _is_told(_awaited(node.value)):
            yield ast.Pass()


def _awaited(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Await) else node


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of a node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _put(ops: list[ast.cmpop], index: int, op: ast.cmpop) -> list[ast.cmpop]:
    return [*ops[:index], op, *ops[index + 1 :]]


def _text(node: ast.AST) -> str:
    """A node on one line, short."""
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 90 else f"{text[:87]}..."
