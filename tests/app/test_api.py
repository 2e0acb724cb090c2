"""REST, sockets, probes and metrics of a running panel, asked over loopback."""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import uvicorn
from pydantic import TypeAdapter

from gtc_panel.door import listener as door
from gtc_panel.door.rules import Rules
from gtc_panel.rest import schema
from gtc_panel.server import Server, _app, bind
from gtc_runtime.checks.health import Health
from gtc_runtime.view import DemoView
from tests.app.conftest import Panel, World, short_show
from tests.faulty_api.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Client:
    """Requests to one panel."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def ask(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Any]:
        """Status and JSON of an answer; `body` may be text that is no JSON."""
        data = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        async with self.session.request(
            method, self.url + path, data=data, headers=headers, **options
        ) as answer:
            text = await answer.text()
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.status, json.loads(text) if is_json else text

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return await self.ask("POST", path, body)


@contextlib.asynccontextmanager
async def serving(panel: Panel) -> AsyncIterator[Client]:
    """The panel's web server on a free port, without pages."""
    listener = bind("127.0.0.1", 0)
    health = Health.of_panel(panel.service.environment, panel.service._settings)
    app = _app(panel.service, Rules(), headless=True, health=health, state_dir=Path())
    server = Server(uvicorn.Config(app, **door.settings()))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await panel.world.until(lambda: server.started)
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(session, f"http://127.0.0.1:{listener.getsockname()[1]}")
    server.should_exit = True
    await asyncio.wait_for(task, 10)
    listener.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One cluster for all tests of this file: a panel takes a second to start."""
    made = World(short_show(), tmp_path_factory.mktemp("world"))
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def panel(world: World) -> AsyncIterator[Panel]:
    made = Panel(world)
    await made.start()
    await made.until_mode("manual")
    yield made
    await made.service.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def client(panel: Panel) -> AsyncIterator[Client]:
    async with serving(panel) as client:
        yield client
    if panel.view.load.running or panel.view.mode != "manual":
        await panel.service.reset()


# -- questions -----------------------------------------------------------------------------------


async def test_status_is_the_whole_view(client: Client, panel: Panel) -> None:
    status, view = await client.ask("GET", "/api/status")

    assert status == 200
    assert set(view) == set(panel.view.to_json())
    assert (view["environment"], view["cluster"], view["mode"]) == ("prod", "Rehearsal", "manual")
    assert [item["name"] for item in view["strip"]] == ["BALANCED", "PREFILL_RECOVERY", "COOLDOWN"]


# -- commands ------------------------------------------------------------------------------------


async def test_start_config_and_stop_drive_the_load(client: Client) -> None:
    status, view = await client.post("/api/workload/start", {"rps": 2.5, "mix": "0/0/100"})
    assert (status, view["load"]["running"], view["load"]["rps"]) == (200, True, 2.5)
    assert view["load"]["mix"] == {"chat": 0, "summarization": 0, "reasoning": 100}

    mix = {"chat": 10, "summarization": 20, "reasoning": 70}
    status, view = await client.post("/api/workload/config", {"rps": 3, "mix": mix})
    assert (status, view["load"]["rps"], view["load"]["mix"]) == (200, 3, mix)

    status, view = await client.post("/api/workload/stop")
    assert (status, view["load"]["running"]) == (200, False)


async def test_start_without_a_body_uses_what_was_chosen(client: Client) -> None:
    await client.post("/api/workload/config", {"rps": 7})

    status, view = await client.post("/api/workload/start")

    assert (status, view["load"]["running"], view["load"]["rps"]) == (200, True, 7)


async def test_auto_manual_and_reset_change_the_mode(client: Client, world: World) -> None:
    status, view = await client.post("/api/scenario/auto")
    assert (status, view["mode"], view["phase"]["name"]) == (200, "auto", "BALANCED")
    assert world.paused()

    status, refusal = await client.post("/api/workload/config", {"rps": 1})
    assert status == 409
    assert refusal == {
        "error": "cannot change rate or mix while the scenario drives",
        "hint": "switch to manual first",
    }

    status, view = await client.post("/api/scenario/manual")
    assert (status, view["mode"], view["load"]["running"]) == (200, "manual", True)
    assert not world.paused()

    status, view = await client.post("/api/reset")
    assert (status, view["load"]["running"], view["phase"]["name"]) == (200, False, "IDLE")


async def test_ending_the_scenario_ends_its_load(client: Client) -> None:
    await client.post("/api/scenario/auto", {"once": True})

    status, view = await client.post("/api/scenario/stop")

    assert (status, view["mode"], view["load"]["running"]) == (200, "manual", False)


@pytest.mark.parametrize(
    ("headers", "actor"),
    [
        ({"User-Agent": "gtc/1.2"}, "gtc 127.0.0.1"),
        ({"User-Agent": "curl/8.9"}, "api 127.0.0.1"),
        ({"User-Agent": ""}, "api 127.0.0.1"),
        ({"User-Agent": "Mozilla/5.0", "Sec-Fetch-Site": "same-origin"}, "page 127.0.0.1"),
        ({"User-Agent": "Mozilla/5.0", "Origin": "{url}"}, "page 127.0.0.1"),  # a phone
    ],
)
async def test_an_event_says_through_what_and_from_where_its_command_came(
    client: Client, headers: dict[str, str], actor: str
) -> None:
    sent = {name: value.replace("{url}", client.url) for name, value in headers.items()}
    _, view = await client.ask("POST", "/api/workload/stop", headers=sent)

    newest = view["events"][-1]
    assert (newest["text"], newest["actor"]) == ("load stopped", actor)


# -- bad input -----------------------------------------------------------------------------------


BROKEN: list[Any] = [
    {"rps": "fast"},
    {"rps": True},
    {"rps": [1]},
    '{"rps": NaN}',
    '{"rps": Infinity}',
    {"mix": "50/50/50"},
    {"mix": "half"},
    {"mix": {"chat": 100}},
    {"mix": {"chat": 50, "summarization": 50, "reasoning": 0, "poetry": 0}},
    {"mix": {"chat": 33.3, "summarization": 33.3, "reasoning": 33.4}},
    {"mix": {"chat": -10, "summarization": 60, "reasoning": 50}},
    {"mix": 5},
    {"speed": 1},
    "[]",
    '"text"',
    "{",
    "",
]


async def test_a_broken_body_is_refused_in_one_line_and_changes_nothing(client: Client) -> None:
    before = (await client.ask("GET", "/api/status"))[1]["load"]

    for body in BROKEN:
        status, told = await client.post("/api/workload/config", body)
        assert (status, set(told)) == (422, {"error", "hint"}), body
        assert told["error"], body
        assert "\n" not in told["error"], body

    after = (await client.ask("GET", "/api/status"))[1]["load"]
    assert (after["rps"], after["mix"]) == (before["rps"], before["mix"])


async def test_a_rate_beyond_every_number_is_clamped(client: Client) -> None:
    status, view = await client.post("/api/workload/start", '{"rps": 1' + "0" * 400 + "}")

    assert (status, view["load"]["rps"]) == (200, 40)


async def test_a_page_of_somebody_else_may_press_no_button(client: Client) -> None:
    status, _ = await client.ask(
        "POST", "/api/scenario/auto", headers={"Origin": "http://evil.example"}
    )

    assert status == 403
    assert (await client.ask("GET", "/api/status"))[1]["mode"] == "manual"


async def test_a_panel_that_only_shows_refuses_commands_with_a_hint(
    client: Client, world: World
) -> None:
    second = Panel(world)
    await second.start()
    await second.until_mode("read-only")
    async with serving(second) as other:
        status, told = await other.post("/api/scenario/auto")
        seen, _ = await other.ask("GET", "/api/status")
    await second.service.stop()

    assert (status, seen) == (409, 200)
    assert "holds the lease and leads; this panel only shows" in told["error"]


# -- the socket ----------------------------------------------------------------------------------


async def test_the_socket_sends_the_view_twice_a_second(client: Client) -> None:
    async with client.session.ws_connect(client.url + "/ws") as socket:
        first = await asyncio.wait_for(socket.receive_json(), 5)
        await client.post("/api/workload/start", {"rps": 2})
        views = [await asyncio.wait_for(socket.receive_json(), 5) for _ in range(3)]

    assert first["load"]["running"] is False
    assert views[-1]["load"]["running"] is True
    assert views[0]["at"] < views[1]["at"] < views[2]["at"]


async def test_a_display_that_goes_away_bothers_nobody(client: Client) -> None:
    for _ in range(3):
        socket = await client.session.ws_connect(client.url + "/ws")
        await socket.receive_json()
        await socket.close()

    async with client.session.ws_connect(client.url + "/ws") as socket:
        assert (await asyncio.wait_for(socket.receive_json(), 5))["environment"] == "prod"


async def test_a_page_of_somebody_else_gets_no_socket(client: Client) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.session.ws_connect(
            client.url + "/ws", headers={"Origin": "http://evil.example"}
        )


# -- a cluster that is gone ----------------------------------------------------------------------


@pytest.mark.parametrize("what", ["a silent cluster", "a blind KEDA"])
async def test_a_panel_that_shows_a_problem_stays_within_reach(
    client: Client, panel: Panel, world: World, what: str
) -> None:
    await panel.until(lambda view: not view.problem)
    if what == "a blind KEDA":
        world.keda_is_blind = True
    else:
        world.api.faults.add(Fault(status=503, times=-1))
    await panel.until(lambda view: bool(view.problem))

    # a port is forwarded to ready pods only: stop, safe and status have to get through
    assert await client.ask("GET", "/readyz") == (200, "ok")
    assert await client.ask("GET", "/healthz") == (200, "ok")

    world.api.faults.clear()
    world.keda_is_blind = False
    await panel.until(lambda view: not view.problem and view.mode == "manual")


# -- what is not there ---------------------------------------------------------------------------


async def test_below_api_every_error_has_the_one_form(client: Client) -> None:
    asked: list[tuple[str, str, Any, int]] = [
        ("GET", "/api/workload/stop", None, 405),
        ("PUT", "/api/workload/stop", None, 405),
        ("DELETE", "/api/status", None, 405),
        ("GET", "/api/nowhere", None, 404),
        ("POST", "/api/status/", None, 404),
        ("GET", "/api/", None, 404),
        ("POST", "/api/workload/config", b'{"mix": "\xff"}', 400),
        ("POST", "/api/workload/config", b"[1", 422),
    ]
    for method, path, body, expected in asked:
        status, told = await client.ask(method, path, body)
        assert (status, set(told)) == (expected, {"error", "hint"}), (method, path, told)


async def test_a_method_that_is_not_allowed_is_told_which_are(client: Client) -> None:
    async with client.session.get(client.url + "/api/scenario/auto") as answer:
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_a_foreign_page_is_refused_in_the_same_form(client: Client) -> None:
    status, told = await client.ask(
        "POST", "/api/scenario/auto", headers={"Origin": "http://evil.example"}
    )

    assert (status, set(told)) == (403, {"error", "hint"})


async def test_the_schema_names_every_answer(client: Client) -> None:
    _, schema = await client.ask("GET", "/openapi.json")

    start = schema["paths"]["/api/workload/start"]["post"]["responses"]
    refused = {"400", "401", "403", "408", "409", "413", "422", "429", "503"}
    assert set(start) == {"200"} | refused
    for status in refused:
        told = start[status]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert set(schema["components"]["schemas"][told]["properties"]) == {"error", "hint"}
    for path in ("/metrics", "/healthz", "/readyz"):
        if path in schema["paths"]:
            assert set(schema["paths"][path]["get"]["responses"]["200"]["content"]) == {
                "text/plain"
            }


async def test_the_schema_is_made_once_however_many_ask_for_it_first(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    make = schema.get_openapi
    monkeypatch.setattr(
        schema, "get_openapi", lambda **options: made.append(options) or make(**options)
    )

    paths = ("/openapi.json", "/api/docs", "/api/nothing") * 4
    answers = await asyncio.gather(*(client.ask("GET", path) for path in paths))

    assert [status for status, _ in answers] == [200, 200, 404] * 4
    assert len(made) == 1


async def test_every_route_says_what_it_does_and_every_command_what_a_repeat_does(
    client: Client,
) -> None:
    _, schema = await client.ask("GET", "/openapi.json")
    routes = [
        (path, method, told)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    ]

    assert [path for path, _, told in routes if not told.get("description")] == []
    commands = [(path, told) for path, method, told in routes if method == "post"]
    assert [path for path, told in commands if "Repeated" not in told["description"]] == []
    assert len(commands) >= 13


async def test_an_answer_is_what_the_schema_says(client: Client) -> None:
    _, view = await client.ask("GET", "/api/status")
    _, schema = await client.ask("GET", "/openapi.json")

    TypeAdapter(DemoView).validate_python(view, strict=False)
    told = schema["components"]["schemas"]["DemoView"]["properties"]
    assert set(told) == set(view)
    assert told["usd_h"]["description"].startswith("What the nodes cost an hour")


async def test_the_page_about_the_routes_lists_them_all_and_loads_nothing(client: Client) -> None:
    _, schema = await client.ask("GET", "/openapi.json")
    status, page = await client.ask("GET", "/api/docs")

    assert status == 200
    for path in schema["paths"]:
        assert f"<code>{path}</code>" in page
    assert "<code>/ws</code>" in page
    assert not re.search(r"<script|src=|url\(|https?://", page)


async def test_the_presenters_commands_drive_the_show(client: Client, panel: Panel) -> None:
    await client.post("/api/scenario/auto")

    status, view = await client.post("/api/scenario/hold")
    assert (status, view["control"]["holding"]) == (200, True)
    status, view = await client.post("/api/scenario/extend")
    assert status == 200
    assert view["phase"]["ends_in_s"] > 30
    status, view = await client.post("/api/scenario/hold", {"on": False})
    assert (status, view["control"]["holding"]) == (200, False)
    await panel.until(lambda view: view.phase.elapsed_s > 2)
    status, view = await client.post("/api/scenario/next")
    assert (status, view["phase"]["name"]) == (200, "PREFILL_RECOVERY")

    await client.post("/api/workload/stop")
    status, view = await client.post("/api/scenario/resume")
    assert (status, view["mode"], view["phase"]["name"]) == (200, "auto", "PREFILL_RECOVERY")
    status, told = await client.post("/api/scenario/resume")
    assert (status, told["hint"]) == (409, "gtc auto begins a new one")


async def test_a_change_is_taken_back_over_rest(client: Client) -> None:
    _, before = await client.ask("GET", "/api/status")
    await client.post("/api/workload/config", {"rps": 9})

    status, view = await client.post("/api/workload/undo")

    assert (status, view["load"]["rps"]) == (200, before["load"]["rps"])


async def test_a_show_that_does_not_run_is_not_steered(client: Client) -> None:
    for command in ("hold", "extend", "next", "resume"):
        status, told = await client.post(f"/api/scenario/{command}")
        assert (status, set(told)) == (409, {"error", "hint"}), command


async def test_a_negative_share_is_called_negative(client: Client) -> None:
    mix = {"chat": -50, "summarization": 100, "reasoning": 50}
    status, told = await client.post("/api/workload/config", {"mix": mix})

    assert status == 422
    assert told["error"].startswith("mix -50/100/50 has a negative share")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_whatever_is_sent_the_answer_is_one_that_the_schema_names(client: Client) -> None:
    """Hundreds of requests made from the schema, right ones and wrong ones.

    One check is left out: that what fits the schema is accepted. Three shares that add up to 100,
    and a mode in which a command is allowed, are beyond what a schema can say.
    """
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        *(f"{client.url}/openapi.json", "--exclude-checks", "positive_data_acceptance"),
        *("--checks", "all", "--max-examples", "40"),
        *("--seed", "1", "--no-color", "--request-timeout", "20", "--generation-database", "none"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 280)
    finally:
        if process.returncode is None:
            process.kill()

    assert process.returncode == 0, out.decode()[-6000:]
