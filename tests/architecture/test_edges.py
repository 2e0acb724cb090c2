"""Every way out of a process has a deadline, and whatever waits in one has a bound.

Where either is not seen in the call itself, it is named here; a new one without it fails.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = ("gtc_runtime", "ui")

WAYS_OUT = {
    *("aiohttp.ClientSession", "self._aiohttp.ClientSession", "httpx.AsyncClient", "httpx.request"),
    *("httpx.Client", "urllib.request.urlopen", "asyncio.open_connection", "aiohttp.request"),
    *("loop.create_connection", "socket.create_connection", "self._session.ws_connect"),
    *("requests.get", "requests.post", "boto3.client"),
}
"""Calls that open a way out of this process."""
DEADLINE_BY = {
    ("gtc_runtime/corpus/sources/client.py", "aiohttp.ClientSession"): "PAGE_S around each page",
    ("gtc_runtime/metrics/prometheus.py", "aiohttp.ClientSession"): "TIMEOUT_S around a question",
    ("gtc_runtime/metrics/annotations.py", "aiohttp.ClientSession"): "CALL_S around each call",
    ("gtc_runtime/checks/scene.py", "aiohttp.ClientSession"): "ANSWER_S with each request",
    ("gtc_runtime/cluster/api/forward.py", "aiohttp.ClientSession"): "CONNECT_S, then HEARTBEAT_S",
    ("gtc_runtime/cluster/api/forward.py", "self._session.ws_connect"): "CONNECT_S around it",
    ("gtc_runtime/load/wire/asyncio_transport.py", "loop.create_connection"): "connect_s around it",
    ("ui/gtc_cli/checks/examination.py", "httpx.AsyncClient"): "5 s by default, ANSWER_S around it",
}
"""Where the deadline of a way out stands that has no ``timeout`` of its own."""

BOUNDED_BY = {
    ("gtc_runtime/planning/keda.py", "self._slices"): "scrapes of one window",
    ("gtc_runtime/planning/serving/decode.py", "self._waiting"): "requests of one simulation",
    ("gtc_runtime/planning/serving/prompts.py", "self._prompts"): "requests of one simulation",
    ("gtc_runtime/planning/serving/free_blocks.py", "self._runs"): "blocks of one pool",
    ("gtc_runtime/load/conversations/conversations.py", "self._ready"): "open conversations",
    ("gtc_runtime/load/figures/singles.py", "self._until"): "dots of the last seconds, low rates",
    ("gtc_runtime/load/figures/slice_book.py", "self._at_hand"): "seconds not packed, each once",
    ("gtc_runtime/load/prompts/prepared.py", "self._ready"): "prompts made ahead, its own limit",
    ("gtc_runtime/load/wire/kernel_reader.py", "self._waiting"): "bytes of open connections",
    ("gtc_runtime/load/demand/schedule.py", "self._pending"): "changes whose time is 0.1 s ahead",
    ("ui/gtc_panel/bridge.py", "self.rows"): "rows of the chart window, 300 s",
}
"""What bounds a queue that has no limit of its own."""


def calls() -> Iterator[tuple[str, ast.Call, str, str]]:
    """File, call, what is called, and what it is assigned to."""
    for tree in TREES:
        for path in sorted((ROOT / tree).rglob("*.py")):
            module = ast.parse(path.read_text(encoding="utf-8"))
            for call, what, target in calls_in(module):
                yield str(path.relative_to(ROOT)), call, what, target


def calls_in(module: ast.Module) -> Iterator[tuple[ast.Call, str, str]]:
    """Call, what is called by its full name however it was imported, and what it is assigned to."""
    imported = imports_of(module)
    targets = {
        id(node.value): ast.unparse(target)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            first, dot, rest = ast.unparse(node.func).partition(".")
            yield node, imported.get(first, first) + dot + rest, targets.get(id(node), "")


def imports_of(module: ast.Module) -> dict[str, str]:
    """What a name of a module stands for, where it was imported bare or under another name."""
    found = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.asname: a.name for a in node.names if a.asname}
    return found


@pytest.mark.parametrize(
    ("imported", "call"),
    [
        ("import asyncio", "asyncio.open_connection(host)"),
        ("import asyncio as aio", "aio.open_connection(host)"),
        ("from asyncio import open_connection", "open_connection(host)"),
        ("from asyncio import open_connection as connect", "connect(host)"),
        ("from asyncio import Server, open_connection as connect", "reader = connect(host)"),
    ],
)
def test_a_way_out_is_seen_however_it_was_imported(imported: str, call: str) -> None:
    module = ast.parse(f"{imported}\n\ndef ask(host):\n    {call}\n")
    assert [what for _, what, _ in calls_in(module)] == ["asyncio.open_connection"]


def endless(limit: ast.expr) -> bool:
    """Whether a limit is none: None, or 0 for a queue."""
    return isinstance(limit, ast.Constant) and not limit.value


@pytest.mark.parametrize(
    ("limit", "none"), [("None", True), ("0", True), ("5", False), ("X", False)]
)
def test_none_and_0_are_no_limits(limit: str, none: bool) -> None:
    assert endless(ast.parse(limit, mode="eval").body) is none


def test_every_way_out_of_a_process_has_a_deadline():
    found, without = set(), []
    for name, call, what, _ in calls():
        if what not in WAYS_OUT:
            continue
        if any(each.arg == "timeout" and not endless(each.value) for each in call.keywords):
            continue
        found.add((name, what))
        if (name, what) not in DEADLINE_BY:
            without.append((name, what))
    assert without == []
    assert found == set(DEADLINE_BY)


def test_every_queue_and_buffer_has_a_bound():
    found, without = set(), []
    for name, call, what, target in calls():
        kind = what.rpartition(".")[2]
        if kind not in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "deque"):
            continue
        limits = [each.value for each in call.keywords if each.arg in ("maxlen", "maxsize")]
        limits += call.args[1:2] if kind == "deque" else call.args[:1]
        if any(not endless(limit) for limit in limits):
            continue
        found.add((name, target))
        if (name, target) not in BOUNDED_BY:
            without.append((name, target))
    assert without == []
    assert found == set(BOUNDED_BY)
