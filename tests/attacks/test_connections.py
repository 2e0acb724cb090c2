"""Who holds connections, sends ahead or does not read, and who gets in all the same."""

import asyncio
import contextlib

import pytest

from gtc_panel.door import listener
from tests.attacks.raw import HERE, LARGE, answered, house

HELD = b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hung_up(reader: asyncio.StreamReader) -> bytes:
    """What came before the other side ended the connection."""
    told = b""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError):
            while piece := await reader.read(1 << 16):
                told += piece
    return told


async def test_a_head_without_an_end_behind_an_unanswered_request_is_not_collected():
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(HELD + b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        await asyncio.sleep(0.1)
        writer.write(b"x" * (4 << 20))

        assert await hung_up(reader) == b""
        writer.close()


async def test_fields_without_an_end_behind_a_body_are_not_collected():
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(
            b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await asyncio.sleep(0.1)
        writer.write(b"1\r\nx\r\n0\r\nX: " + b"x" * (4 << 20))

        assert await hung_up(reader) == b""
        assert here.pressed == []
        writer.close()


async def test_a_few_requests_may_be_sent_ahead_and_a_thousand_may_not():
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(HELD + ALIVE * (listener.AHEAD - 1))
        await asyncio.sleep(0.1)
        here.held.set()
        told = [await answered(reader) for _ in range(listener.AHEAD)]
        assert [status for status, _ in told] == [200] * listener.AHEAD
        here.held.clear()
        writer.write(HELD + ALIVE * 1000)

        assert await hung_up(reader) == b""
        writer.close()


@pytest.mark.parametrize("path", ["/large", "/parts"])
@pytest.mark.parametrize("end", ["keep-alive", "close"])
async def test_an_answer_that_nobody_reads_is_given_up(monkeypatch, path, end):
    monkeypatch.setattr(listener, "ANSWER_S", 0.3)
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {end}\r\n\r\n".encode()
        )
        await asyncio.sleep(0.8)

        assert 0 < len(await hung_up(reader)) < LARGE
        writer.close()


async def test_a_reader_who_takes_longer_than_a_head_may_gets_the_whole_answer(monkeypatch):
    monkeypatch.setattr(listener, "HEAD_S", 0.2)
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.6)

        assert len(await hung_up(reader)) > LARGE
        writer.close()


async def test_whoever_holds_all_connections_gives_way_and_nobody_else_does(monkeypatch):
    monkeypatch.setattr(listener, "CONNECTIONS", 30)
    async with house() as here:
        reader, presenter = await asyncio.open_connection(here.host, here.port)
        presenter.write(ALIVE)
        assert (await answered(reader))[0] == 200
        there = ("127.0.0.3", 0)
        held = []
        for _ in range(60):
            held.append(await asyncio.open_connection(here.host, here.port, local_addr=there))
            held[-1][1].write(HELD)
        await asyncio.sleep(0.1)

        assert (await here.ask("POST /api/workload/stop", HERE, "Content-Length: 0"))[0] == 200
        presenter.write(ALIVE)
        assert (await answered(reader))[0] == 200
        for writer in (presenter, *(writer for _, writer in held)):
            writer.close()


async def test_answers_that_never_come_make_room_even_where_all_have_one_address(monkeypatch):
    monkeypatch.setattr(listener, "CONNECTIONS", 20)
    async with house() as here:
        held = []
        for _ in range(25):
            held.append(await asyncio.open_connection(here.host, here.port))
            held[-1][1].write(HELD)
            await asyncio.sleep(0.01)

        assert (await here.ask("POST /api/workload/stop", HERE, "Content-Length: 0"))[0] == 200
        for _, writer in held:
            writer.close()


async def test_the_way_of_sockets_is_no_way_for_requests():
    async with house() as here:
        path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling&implicit_handshake=true"
        for line in (f"GET {path}", f"POST {path}", f"OPTIONS {path}"):
            status, told = await here.ask(line, HERE, "Content-Length: 0")

            assert status == 400
            assert "sockets only" in told
