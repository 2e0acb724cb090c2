"""REST, sockets, probes and metrics of a running panel, asked over loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gtc_panel.server import _app, _Server, bind, uvicorn
from gtc_spec.errors import UsageError
from tests.app.conftest import NewPanel, Panel, World


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


async def serving(panel: Panel) -> AsyncIterator[Client]:
    """The panel's web server on a free port, without pages."""
    listener = bind("127.0.0.1", 0)
    settings = panel.service._settings
    app = _app(panel.service, settings, headless=True)
    server = _Server(uvicorn.Config(app, log_config=None))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await panel.world.until(lambda: server.started)
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(session, f"http://127.0.0.1:{listener.getsockname()[1]}")
    server.should_exit = True
    await asyncio.wait_for(task, 10)
    listener.close()


@pytest.fixture
async def client(panel: Panel) -> AsyncIterator[Client]:
    async for each in serving(panel):
        yield each


# -- questions -----------------------------------------------------------------------------------


async def test_status_is_the_whole_view(client: Client, panel: Panel) -> None:
    status, view = await client.ask("GET", "/api/status")

    assert status == 200
    assert set(view) == set(panel.view.to_json())
    assert (view["environment"], view["cluster"], view["mode"]) == ("prod", "Rehearsal", "manual")
    assert [item["name"] for item in view["strip"]] == ["BALANCED", "PREFILL_RECOVERY", "COOLDOWN"]


async def test_probes_tell_alive_from_ready(client: Client, panel: Panel, world: World) -> None:
    await panel.until(lambda view: not view.problem)
    assert await client.ask("GET", "/readyz") == (200, "ok")

    await world.api.stop()
    await panel.until(lambda view: bool(view.problem))

    status, why = await client.ask("GET", "/readyz")
    assert status == 503
    assert why
    assert await client.ask("GET", "/healthz") == (200, "ok")
    await world.api.start()


async def test_metrics_are_served_for_prometheus(client: Client) -> None:
    status, text = await client.ask("GET", "/metrics")

    assert status == 200
    assert "# TYPE gtc_" in text


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
    client: Client, new_panel: NewPanel
) -> None:
    second = await new_panel()
    await second.until_mode("read-only")
    async for other in serving(second):
        status, told = await other.post("/api/scenario/auto")

        assert status == 409
        assert "does not hold the lease" in told["error"]
        assert (await other.ask("GET", "/api/status"))[0] == 200


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


# -- the listening socket ------------------------------------------------------------------------


def test_a_taken_port_is_a_usage_error_with_a_way_out() -> None:
    taken = bind("127.0.0.1", 0)
    taken.listen()
    port = taken.getsockname()[1]

    with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 is taken") as caught:
        bind("127.0.0.1", port)

    assert caught.value.hint == "--port 0 takes any free one"
    taken.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "x" * 70 + ".example"])
def test_an_address_of_another_machine_is_a_usage_error(host: str) -> None:
    with pytest.raises(UsageError, match="cannot listen on"):
        bind(host, 0)
