"""A real panel in a process of its own, on an address that stands for one in the network.

Its event loop tells how long it worked at a time, in processor time, so that other work on this
machine does not count.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from gtc_panel.door.key import Key

ROOT = Path(__file__).parents[2]
HOST, SECRET = "127.0.0.2", "a-key-that-nobody-guesses"
BLOCK_S = 0.1
"""The longest piece of a page takes 0.02 to 0.055 s of it, clearing away two pages 0.02."""
BEARER = {"Authorization": f"Bearer {SECRET}"}
LOOPS = 16


@pytest.fixture(scope="module")
def panel() -> Iterator[subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    paths = os.pathsep.join(
        str(ROOT / part) for part in ("constructs", "dashboards", "rehearsal", "ui", "")
    )
    script = Path(__file__).with_name("still_panel.py")
    process: Any = subprocess.Popen(
        [sys.executable, str(script), HOST, str(port), SECRET],
        env={**os.environ, "PYTHONPATH": paths},
        cwd=ROOT,
    )
    process.url = f"http://{HOST}:{port}"
    try:
        wait_until_served(process, port)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_served(process: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + 40
    while process.poll() is None and time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the panel was not served within 40 s")


def session(**more: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20), **more)


async def commands(panel: Any) -> list[Any]:
    async with session() as http, http.get(f"{panel.url}/still/commands") as answer:
        return await answer.json()


async def busy(panel: Any) -> dict[str, float]:
    """How long the loop was busy at a time since it was last asked."""
    async with session() as http, http.get(f"{panel.url}/still/busy") as answer:
        return await answer.json()


async def page(panel: Any, cookie: str) -> dict[str, Any]:
    """Open the control page: its client and the ids of its buttons by their words."""
    headers = {"Cookie": cookie} if cookie else {}
    async with session() as http, http.get(panel.url, headers=headers) as answer:
        text = await answer.text()
    query = re.search(r"'client_id': '([^']+)'|\"client_id\": ?\"([^\"]+)\"", text)
    assert query, text[:500]
    elements = json.loads(
        re.search(r"String\.raw`(.*?)`", text, re.DOTALL)[1]
        .replace("&lt;", "<").replace("&gt;", ">").replace("&#96;", "`").replace("&#36;", "$")
        .replace("&amp;", "&")
    )  # fmt: skip
    return {"client": query[1] or query[2], "elements": elements}


async def press_everything(panel: Any, cookie: str) -> int:
    """Click on all that listens to clicks, over a socket of our own; how many there were."""
    opened = await page(panel, cookie)
    client = socketio.AsyncClient()
    query = (
        f"client_id={opened['client']}&next_message_id=0&implicit_handshake=true"
        "&tab_id=t&document_id=d&old_tab_id="
    )
    headers = {"Cookie": cookie} if cookie else {}
    await client.connect(
        f"{panel.url}?{query}", headers=headers, socketio_path="/_nicegui_ws/socket.io",
        transports=["websocket"],
    )  # fmt: skip
    pressed = 0
    for number, element in opened["elements"].items():
        for event in element.get("events", ()):
            if event["type"] == "click":
                told = {
                    "id": int(number), "client_id": opened["client"], "args": ["{}"],
                    "listener_id": event["listener_id"],
                }  # fmt: skip
                await client.emit("event", told)
                pressed += 1
    await asyncio.sleep(0.7)
    await client.disconnect()
    return pressed


async def test_a_page_that_was_opened_without_the_key_presses_only_stop_and_safe_on_this_machine(
    panel: Any,
) -> None:
    before = len(await commands(panel))

    assert await press_everything(panel, "") > 3
    assert set((await commands(panel))[before:]) <= {"stop", "safe"}


async def test_the_same_presses_count_on_a_page_that_was_opened_with_it(panel: Any) -> None:
    key = Key(SECRET)
    before = len(await commands(panel))

    await press_everything(panel, f"{key.cookie}={key.ticket()}")

    assert {str(each) for each in (await commands(panel))[before:]} - {"stop"}


async def test_a_page_tells_browsers_to_come_by_socket_only(panel: Any) -> None:
    async with session() as http, http.get(panel.url) as answer:
        assert "transports: ['websocket']," in await answer.text()


async def test_sixteen_clients_that_ask_for_pages_do_not_keep_the_presenter_waiting(
    panel: Any,
) -> None:
    """And they fill no memory: what they throw away is not kept."""
    end = asyncio.get_running_loop().time() + 8
    statuses: list[int] = []
    waited_s: list[float] = []
    await busy(panel)

    async def ask(http: aiohttp.ClientSession) -> None:
        while asyncio.get_running_loop().time() < end:
            async with http.get(panel.url) as answer:
                await answer.read()
                statuses.append(answer.status)
            await asyncio.sleep(0.05)

    async def command(http: aiohttp.ClientSession) -> None:
        while asyncio.get_running_loop().time() < end:
            before = time.monotonic()
            async with http.post(f"{panel.url}/api/reset", headers=BEARER) as answer:
                assert answer.status == 200
            waited_s.append(time.monotonic() - before)
            await asyncio.sleep(0.05)

    async with session() as http:
        await asyncio.gather(command(http), *(ask(http) for _ in range(LOOPS)))

    told = await busy(panel)
    assert set(statuses) == {200, 429}
    assert statuses.count(429) > statuses.count(200)
    assert sorted(waited_s)[int(len(waited_s) * 0.95)] < 0.5
    assert told["longest_s"] < BLOCK_S
    assert told["pages"] <= 12
    assert rss_mib(panel) < 200


async def test_nothing_that_is_large_slow_or_guessed_gets_through_or_stops_the_loop(
    panel: Any,
) -> None:
    before = await commands(panel)
    await busy(panel)
    large = b"9" * (24 * 1024 * 1024)

    async def send(path: str, data: bytes, **headers: str) -> int:
        try:
            async with (
                session() as http,
                http.post(panel.url + path, data=data, headers=headers) as answer,
            ):
                return answer.status
        except aiohttp.ClientError:
            return 0  # hung up before all was sent

    attacks = [
        *(send("/api/reset", large, **BEARER) for _ in range(2)),
        *(send("/login", f"guess {n}".encode()) for n in range(30)),
        *(send("/api/reset", b"", Authorization=f"Bearer guess {n}") for n in range(30)),
        *(send("/api/reset", b"", **BEARER, Origin="http://evil.example") for _ in range(5)),
        *(send("/api/reset", b"", **BEARER, **{"Sec-Fetch-Site": "same-site"}) for _ in range(5)),
        *(send("/api/workload/stop", b"", Host="evil.example") for _ in range(5)),
    ]
    slow = [
        await asyncio.open_connection(HOST, int(panel.url.rsplit(":", 1)[1])) for _ in range(99)
    ]
    for _, writer in slow:
        writer.write(b"POST /api/reset HTTP/1.1\r\nHost: ")
    statuses = await asyncio.gather(*attacks)

    assert not {200, 500} & set(statuses)
    assert await commands(panel) == before
    assert (await busy(panel))["longest_s"] < BLOCK_S
    for _, writer in slow:
        writer.close()


def rss_mib(process: subprocess.Popen[bytes]) -> float:
    pages = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
