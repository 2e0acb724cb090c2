"""What the panel's server costs: ``python tools/panel_load.py URL PID [--key KEY]``.

Prints the processor time of the process with nobody looking and with five pages open, its memory
after pages that came and went, and how long a presenter's command takes while 16 clients ask for
pages as fast as they are answered. URL is a panel on this machine and PID its process, such as
``panel`` in ``pids`` of ``.gtc/rehearsal.json``. It changes the rate: let no show run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import socketio  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WATCH_S = 30.0
PAGES = 5
RECONNECTS = 100
STRANGERS = 16
FLOOD_S = 20.0


class Process:
    """The server, seen from outside."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)

    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = (self._folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        """Memory now."""
        pages = int((self._folder / "statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    async def share(self) -> float:
        """Percent of a core during `WATCH_S`."""
        began_s, cpu_s = time.monotonic(), self.cpu_s()
        await asyncio.sleep(WATCH_S)
        return 100 * (self.cpu_s() - cpu_s) / (time.monotonic() - began_s)


@asynccontextmanager
async def page(http: aiohttp.ClientSession, url: str, path: str) -> AsyncIterator[None]:
    """An open page: its HTML and its socket, as a browser has them."""
    while True:
        async with http.get(url + path) as answer:
            text = await answer.text()
            if answer.status != 429:
                answer.raise_for_status()
                break
        await asyncio.sleep(1)
    found = re.search(r"['\"]client_id['\"]: ?['\"]([^'\"]+)", text)
    if found is None:
        raise SystemExit(f"{url}{path} is no page of the panel")
    query = f"client_id={found[1]}&next_message_id=0&implicit_handshake=true&old_tab_id="
    client = socketio.AsyncClient(reconnection=False)
    where = f"{url}?{query}&tab_id={found[1]}&document_id={found[1]}"
    await client.connect(where, socketio_path="/_nicegui_ws/socket.io", transports=["websocket"])
    try:
        yield
    finally:
        await client.disconnect()


async def flood(http: aiohttp.ClientSession, url: str) -> list[float]:
    """Seconds that commands took while strangers ask for pages."""
    end_s = time.monotonic() + FLOOD_S

    async def stranger() -> None:
        async with aiohttp.ClientSession() as own:
            while time.monotonic() < end_s:
                async with own.get(url) as answer:
                    await answer.read()

    async def presenter() -> list[float]:
        took_s = []
        while time.monotonic() < end_s:
            began_s = time.monotonic()
            async with http.post(f"{url}/api/workload/config", json={"rps": 0.5}) as answer:
                answer.raise_for_status()
            took_s.append(time.monotonic() - began_s)
            await asyncio.sleep(0.1)
        return took_s

    async with asyncio.TaskGroup() as tasks:
        commands = tasks.create_task(presenter())
        for _ in range(STRANGERS):
            tasks.create_task(stranger())
    return sorted(commands.result())


async def measure(url: str, pid: int, key: str) -> None:
    """Print one line a figure."""
    process = Process(pid)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(headers=headers) as http:
        print(f"no page: {await process.share():.1f} % of a core, {process.rss_mib():.0f} MiB")
        async with AsyncExitStack() as opened:
            for number in range(PAGES):
                path = ("/", "/stage")[number % 2]
                await opened.enter_async_context(page(http, url, path))
            share = await process.share()
            print(f"{PAGES} pages: {share:.1f} % of a core, {process.rss_mib():.0f} MiB")
        for _ in range(RECONNECTS):
            async with page(http, url, "/"):
                await asyncio.sleep(0.05)
        print(f"after {RECONNECTS} pages that came and went: {process.rss_mib():.0f} MiB")
        took_s = await flood(http, url)
        p50_s, p95_s = took_s[len(took_s) // 2], took_s[int(len(took_s) * 0.95)]
        print(f"{STRANGERS} strangers: p50 {p50_s:.3f} s, p95 {p95_s:.3f} s of {len(took_s)}")
        print(f"after them: {process.rss_mib():.0f} MiB")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("pid", type=int)
    parser.add_argument("--key", default="")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.url.rstrip("/"), arguments.pid, arguments.key))


if __name__ == "__main__":
    main()
