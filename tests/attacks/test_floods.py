"""Too much, too slow and too often, over raw connections: what is refused, and what still works."""

import asyncio
import contextlib

from gtc_panel.door import bodies, listener
from gtc_panel.door.door import PAGES, SOCKETS
from tests.attacks.raw import HERE, UPGRADE, answered, house


async def test_a_body_of_24_megabytes_is_refused_before_it_is_read():
    async with house() as here:
        size = 24 * 1024 * 1024
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(
            f"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
        )
        status, told = await answered(reader)  # nothing of it was sent

        assert status == 413
        assert "connection: close" in told
        assert here.pressed == []
        writer.close()


async def test_a_body_that_does_not_say_its_size_is_cut_off():
    async with house() as here:
        chunk = b"2000\r\n" + b"9" * 0x2000 + b"\r\n"
        body = b"".join([chunk] * 40) + b"0\r\n\r\n"
        with contextlib.suppress(ConnectionResetError):  # when more was sent than was read
            chunked = "Transfer-Encoding: chunked"
            assert (await here.ask("POST /api/x", HERE, chunked, body=body))[0] == 413

        assert here.pressed == []


async def test_a_body_as_large_as_allowed_arrives_whole():
    async with house() as here:
        body = b"x" * bodies.BODY_BYTES
        length = f"Content-Length: {len(body)}"

        assert (await here.ask("POST /api/x", HERE, length, body=body))[0] == 200


async def test_a_length_that_is_no_number_is_refused():
    async with house() as here:
        for length in ("-1", "1e9", "99999999999999999999", "0x10", "1, 2"):
            try:
                status, _ = await here.ask("POST /api/x", HERE, f"Content-Length: {length}")
            except asyncio.IncompleteReadError:
                continue  # the parser hung up
            assert status in (400, 413), length

        assert here.pressed == []


async def test_a_head_or_a_body_that_never_ends_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(listener, "HEAD_S", 0.4)
    monkeypatch.setattr(bodies, "BODY_S", 0.4)
    async with house() as here:
        slow = [await asyncio.open_connection(here.host, here.port) for _ in range(60)]
        for _, writer in slow[:30]:
            writer.write(b"GET / HTTP/1.1\r\nHost: local")
        for _, writer in slow[30:45]:
            writer.write(b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n12")

        assert (await here.ask("GET /healthz", HERE))[0] == 200
        async with asyncio.timeout(5):
            left = await asyncio.gather(
                *(reader.read() for reader, _ in slow), return_exceptions=True
            )

        told = [each for each in left if isinstance(each, bytes) and each]
        assert all(each.startswith(b"HTTP/1.1 408") for each in told)
        assert len(told) == 15
        assert here.pressed == []
        for _, writer in slow:
            writer.close()


async def test_a_drip_of_single_bytes_wins_no_time(monkeypatch):
    monkeypatch.setattr(listener, "HEAD_S", 0.4)
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)

        async def drip():
            while True:
                writer.write(b"\r\n")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        dripping.cancel()
        writer.close()


async def test_a_head_without_an_end_is_not_collected():
    async with house() as here:
        reader, writer = await asyncio.open_connection(here.host, here.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 400_000)
        async with asyncio.timeout(3):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()


async def test_silent_connections_make_room_for_who_has_something_to_say(monkeypatch):
    monkeypatch.setattr(listener, "CONNECTIONS", 40)
    async with house() as here:
        silent = [await asyncio.open_connection(here.host, here.port) for _ in range(120)]

        assert (await here.ask("GET /healthz", HERE))[0] == 200
        for _, writer in silent:
            writer.close()


async def test_sockets_beyond_the_places_are_refused_until_one_is_free(monkeypatch):
    async with house() as here:
        request = "\r\n".join(["GET /ws HTTP/1.1", "Host: localhost", *UPGRADE, "", ""]).encode()

        async def opened():
            reader, writer = await asyncio.open_connection(here.host, here.port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split()[1]), writer

        first = [await opened() for _ in range(SOCKETS + 6)]
        assert [status for status, _ in first].count(101) == SOCKETS
        first[0][1].close()
        await asyncio.sleep(0.2)
        again, writer = await opened()

        assert again == 101
        for each in (writer, *(writer for _, writer in first)):
            each.close()


async def test_pages_are_built_for_so_many_strangers_and_the_others_try_again_by_themselves():
    async with house() as here:
        answers = await asyncio.gather(*(here.ask("GET /", HERE) for _ in range(4 * PAGES)))

        statuses = [status for status, _ in answers]
        assert PAGES <= statuses.count(200) <= PAGES + 12
        assert statuses.count(429) == len(statuses) - statuses.count(200)
        later = next(told for status, told in answers if status == 429)
        assert "retry-after: " in later
        assert "location.reload()" in later
        assert here.pages == statuses.count(200)
