"""What the panel's server costs: ``python tools/panel_load.py URL PID [--key KEY]``.

Prints the processor time of the process with nobody looking and with five pages open, its memory
after pages that came and went, and how long a presenter's command takes while 16 clients ask for
pages as fast as they are answered. URL is a panel on this machine and PID its process, such as
``panel`` in ``pids`` of ``.gtc/rehearsal.json``. It changes the rate: let no show run.

With ``--reconnects-for 1800 --every 15`` it presses nothing: it tells the memory now and then,
while for so many seconds one of five open pages goes and comes back every 15 s.
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
TOLD_EVERY_S = 300.0


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


async def reconnect(url: str, pid: int, key: str, for_s: float, every_s: float) -> None:
    """Print the memory now and then while pages go and come back."""
    process, began_s = Process(pid), time.monotonic()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    pages: list[AsyncExitStack] = []
    highest_mib, told_s, came = process.rss_mib(), 0.0, 0
    print(f"at first: {highest_mib:.0f} MiB", flush=True)
    async with aiohttp.ClientSession(headers=headers) as http:
        while (now_s := time.monotonic() - began_s) < for_s:
            if len(pages) == PAGES:
                await pages.pop(0).aclose()
            pages.append(AsyncExitStack())
            await pages[-1].enter_async_context(page(http, url, ("/", "/stage")[came % 2]))
            came += 1
            highest_mib = max(highest_mib, process.rss_mib())
            if now_s - told_s >= TOLD_EVERY_S:
                told_s += TOLD_EVERY_S
                print(f"after {now_s:.0f} s, {came} pages: {process.rss_mib():.0f} MiB", flush=True)
            await asyncio.sleep(every_s if len(pages) == PAGES else 0)
        for each in pages:
            await each.aclose()
    print(f"at last: {process.rss_mib():.0f} MiB, never above {highest_mib:.0f} MiB")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("pid", type=int)
    parser.add_argument("--key", default="")
    parser.add_argument("--reconnects-for", type=float, metavar="SECONDS")
    parser.add_argument("--every", type=float, default=15.0, metavar="SECONDS")
    told = parser.parse_args()
    where = (told.url.rstrip("/"), told.pid, told.key)
    if told.reconnects_for is None:
        asyncio.run(measure(*where))
    else:
        asyncio.run(reconnect(*where, told.reconnects_for, told.every))


if __name__ == "__main__":
    main()
