"""What a client feels of each fault; the server sends what a test tells it, or what it got."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.chaos.network.faults import (
    Bandwidth,
    Fault,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)
from tests.chaos.network.proxy import Choose, Placed, Proxy, always, nothing, sometimes

Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, until the client hangs up."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxied(choose: Choose = nothing, seed: int = 1) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Proxy(port, choose, seed) as proxy:
        yield proxy
    server.close()


async def connected(proxy: Proxy) -> Link:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def asked(link: Link, data: bytes) -> bytes:
    link[1].write(data)
    return await asyncio.wait_for(link[0].readexactly(len(data)), 5)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


def to_client(fault: Fault) -> Choose:
    return always(Placed(fault))


def to_server(fault: Fault) -> Choose:
    return always(Placed(fault, to="server"))


async def test_without_faults_every_byte_arrives_both_ways_and_the_end_too() -> None:
    async with proxied() as proxy:
        reader, writer = await connected(proxy)
        sent = bytes(range(256)) * 8000
        writer.write(sent)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(-1), 10) == sent
        await until(lambda: proxy.open == 0)
        assert not proxy.struck


@pytest.mark.parametrize("place", [to_client, to_server])
async def test_latency_delays_each_way_of_its_own(place: Callable[..., Choose]) -> None:
    async with proxied(place(Latency(delay_s=1.5))) as proxy:
        link = await connected(proxy)
        from_s = time.monotonic()
        await asked(link, b"x")
        assert 1.5 <= time.monotonic() - from_s < 3.0


async def test_latency_delays_and_does_not_throttle() -> None:
    async with proxied(to_client(Latency(delay_s=0.15))) as proxy:
        reader, writer = await connected(proxy)
        from_s = time.monotonic()
        for _ in range(10):
            writer.write(b"x")
            await asyncio.sleep(0.02)
        await asyncio.wait_for(reader.readexactly(10), 5)
        assert time.monotonic() - from_s < 1.2


async def test_jitter_spreads_the_delay() -> None:
    async with proxied(to_client(Latency(delay_s=0.05, jitter_s=0.05))) as proxy:
        link, took = await connected(proxy), []
        for _ in range(12):
            from_s = time.monotonic()
            await asked(link, b"x")
            took.append(time.monotonic() - from_s)
        assert max(took) - min(took) > 0.02


async def test_bandwidth_lets_so_many_bytes_a_second_through() -> None:
    async with proxied(to_client(Bandwidth(bytes_per_s=100_000))) as proxy:
        link = await connected(proxy)
        from_s = time.monotonic()
        await asked(link, b"x" * 30_000)
        assert time.monotonic() - from_s >= 0.3


async def test_a_slow_close_brings_the_bytes_at_once_and_the_end_late() -> None:
    async with proxied(to_client(SlowClose(delay_s=2.0))) as proxy:
        link = await connected(proxy)
        from_s = time.monotonic()
        assert await asked(link, b"bye") == b"bye"
        assert time.monotonic() - from_s < 2.0
        link[1].write_eof()
        assert await asyncio.wait_for(link[0].read(-1), 5) == b""
        assert time.monotonic() - from_s >= 2.0


async def test_a_timeout_accepts_and_never_answers() -> None:
    async with proxied(to_client(Timeout())) as proxy:
        reader, writer = await connected(proxy)
        writer.write(b"anybody?")
        writer.write_eof()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)


async def test_a_timeout_with_an_end_hangs_up_then() -> None:
    async with proxied(to_client(Timeout(after_s=0.2))) as proxy:
        reader, writer = await connected(proxy)
        writer.write(b"anybody?")
        from_s = time.monotonic()
        assert await asyncio.wait_for(reader.read(1), 5) == b""
        assert time.monotonic() - from_s >= 0.19
        assert proxy.struck["close"] == 1


async def test_a_reset_comes_after_so_many_bytes() -> None:
    async with proxied(to_client(ResetPeer(after_bytes=10))) as proxy:
        link = await connected(proxy)
        assert await asked(link, b"0123456789") == b"0123456789"
        link[1].write(b"x")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(link[0].read(1), 5)
        assert proxy.struck["reset"] == 1


async def test_a_reset_comes_after_some_time_on_an_idle_connection() -> None:
    async with proxied(to_client(ResetPeer(after_s=0.2))) as proxy:
        reader, _ = await connected(proxy)
        from_s = time.monotonic()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        assert time.monotonic() - from_s >= 0.19


async def test_limited_data_ends_in_order_after_so_many_bytes() -> None:
    async with proxied(to_client(LimitData(after_bytes=7))) as proxy:
        reader, writer = await connected(proxy)
        writer.write(b"0123456789")
        assert await asyncio.wait_for(reader.read(-1), 5) == b"0123456"
        assert proxy.struck["close"] == 1


async def test_a_slicer_brings_everything_in_small_pieces() -> None:
    async with proxied(to_client(Slicer(most_bytes=5, delay_s=0.01))) as proxy:
        reader, writer = await connected(proxy)
        sent, got = b"0123456789" * 3, []
        writer.write(sent)
        while sum(map(len, got)) < len(sent):
            got.append(await asyncio.wait_for(reader.read(100), 5))
        assert b"".join(got) == sent
        assert len(got) >= 4


async def test_a_port_that_is_down_refuses_and_cuts_and_comes_back_at_the_same_place() -> None:
    async with proxied() as proxy:
        reader, writer = await connected(proxy)
        await asked((reader, writer), b"x")
        await proxy.down()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        with pytest.raises(ConnectionRefusedError):
            await connected(proxy)
        await proxy.up()
        assert await asked(await connected(proxy), b"back") == b"back"


async def test_a_switch_reaches_connections_that_run() -> None:
    async with proxied() as proxy:
        link = await connected(proxy)
        await asked(link, b"x")
        proxy.switch(to_client(Timeout()))
        link[1].write(b"y")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link[0].read(1), 0.2)
        proxy.switch()
        assert await asked(link, b"z") == b"z"


async def test_faults_pile_up() -> None:
    faults = (Placed(Latency(delay_s=0.15)), Placed(LimitData(after_bytes=3)))
    async with proxied(always(*faults)) as proxy:
        reader, writer = await connected(proxy)
        from_s = time.monotonic()
        writer.write(b"0123456789")
        assert await asyncio.wait_for(reader.read(-1), 5) == b"012"
        assert time.monotonic() - from_s >= 0.15


async def cut_ones(seed: int) -> list[bool]:
    """Which of 60 connections do not bring their bytes back."""
    choose = sometimes(0.3, to_client(LimitData(after_bytes=0)))
    found = []
    async with proxied(choose, seed) as proxy:
        for _ in range(60):
            reader, writer = await connected(proxy)
            writer.write(b"x")
            found.append(await asyncio.wait_for(reader.read(1), 5) == b"")
            writer.close()
    return found


async def test_a_seed_chooses_the_same_connections_again_and_about_the_share_asked_for() -> None:
    first = await cut_ones(7)
    assert 8 <= sum(first) <= 28
    assert await cut_ones(7) == first
    assert await cut_ones(8) != first


async def test_a_server_that_is_not_there_is_a_reset_and_counted() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with Proxy(unused.getsockname()[1]) as proxy:
            reader, _ = await connected(proxy)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(1), 5)
            assert proxy.refused == 1
