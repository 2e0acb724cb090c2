"""The native reader over real sockets: what it counts, what it hands on, and in which order."""

import errno
import select
import socket
import time
from array import array

import pytest

from gtc_runtime.load.figures.histogram import SCALE
from tests.unit.load.native.streams import chunk, dynamo, vllm

OPENING = b'"content":"'


class Pair:
    """A socket that the reader watches, and its far end."""

    def __init__(self, core, keeps=False):
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.fd = self.near.fileno()
        self.epoll = select.epoll()
        self.epoll.register(self.fd, select.EPOLLIN)
        self.reader = core.Reader(self.epoll.fileno())
        self.gaps = core.Gaps(*SCALE)
        self.stream = self.reader.watch(self.fd)
        self.stream.begin(self.gaps, keeps)

    def brings(self, data):
        """What a look finds when this has arrived."""
        self.far.send(data)
        return self.reader.look()

    def close(self):
        for each in (self.near, self.far, self.epoll):
            each.close()


@pytest.fixture
def pair(native_core):
    pair = Pair(native_core)
    yield pair
    pair.close()


def test_plain_reads_are_counted_and_not_handed_on(pair):
    before_s = time.monotonic()
    pair.stream.expect(OPENING, before_s, -1)
    for frames in (1, 3):
        found, reads, coalesced, oldest_s, rows = pair.brings(chunk(dynamo("a", 0)) * frames)
        assert (found, reads, coalesced, rows) == (1, 1, int(frames > 1), [])
        assert before_s <= oldest_s == pair.stream.last_s <= time.monotonic()
    frames, tokens, arrivals_s, brought, kept = pair.stream.take()
    assert (frames, tokens, kept) == (4, 4, b"")
    assert array("l", brought).tolist() == [1, 3]
    assert array("d", arrivals_s)[-1] == pair.stream.last_s
    assert pair.stream.take() is None
    counted = pair.gaps.take()
    assert sum(tokens for tokens, _, _ in counted.values()) == 4
    assert sum(sum(stalls.values()) for _, stalls, _ in counted.values()) == 2
    assert sum(sum(latencies.values()) for _, _, latencies in counted.values()) == 4


def test_nothing_is_counted_before_it_is_expected_nor_after_something_odd(pair):
    token = chunk(dynamo("a", 0))
    assert pair.brings(token)[4][0][:2] == (pair.fd, token)
    pair.stream.expect(OPENING, 1.0, -1)  # too early: the read has not been taken in
    assert pair.brings(token)[4][0][:2] == (pair.fd, token)
    pair.stream.took()
    pair.stream.took()
    pair.stream.expect(OPENING, 1.0, -1)
    assert pair.brings(token)[4] == []
    assert pair.brings(b"8\r\n: ping\n\n\r\n")[4] != []
    assert pair.brings(token)[4] != []
    assert pair.stream.take()[:2] == (1, 1)
    pair.stream.took()
    pair.stream.took()
    pair.stream.expect(b"", 1.0, -1)
    assert pair.brings(token)[4] != []


def test_running_usage_counts_tokens_and_not_frames(pair):
    pair.stream.expect(OPENING, time.monotonic(), 2)
    assert pair.brings(chunk(vllm("a", 6)))[4] == []
    assert pair.brings(chunk(vllm("a", 6)))[4] != []  # the exact parser counts one
    assert pair.stream.take()[:2] == (1, 4)
    [(tokens, stalls, latencies)] = pair.gaps.take().values()
    assert (tokens, sum(stalls.values()), sum(latencies.values())) == (4, 1, 4)


def test_bytes_are_kept_when_the_text_is_wanted(native_core):
    pair = Pair(native_core, keeps=True)
    sent = b""
    pair.stream.expect(OPENING, time.monotonic(), -1)
    for number in range(40):
        token = chunk(dynamo(f"w{number}", 0))
        sent += token
        assert pair.brings(token)[4] == []
    assert pair.stream.take()[4] == sent
    pair.stream.begin(pair.gaps, False)
    pair.stream.expect(OPENING, time.monotonic(), -1)
    pair.brings(token)
    assert pair.stream.take()[4] == b""
    pair.close()


def test_ends_and_room_to_write_are_told(pair):
    pair.epoll.modify(pair.fd, select.EPOLLIN | select.EPOLLOUT)
    assert pair.reader.look()[4] == [(pair.fd, None, 0.0)]
    pair.epoll.modify(pair.fd, select.EPOLLIN)
    assert pair.reader.look() == (0, 0, 0, 0.0, [])
    pair.far.close()
    assert pair.reader.look()[4][0][:2] == (pair.fd, 0)


def test_a_reset_connection_is_told_by_its_error(native_core):
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    with near, select.epoll() as epoll:
        epoll.register(near.fileno(), select.EPOLLIN)
        reader = native_core.Reader(epoll.fileno())
        reader.watch(near.fileno())
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        far.close()
        time.sleep(0.01)
        assert reader.look()[4][0][1] == -errno.ECONNRESET


def test_a_socket_that_is_forgotten_is_not_read(pair):
    pair.reader.forget(pair.fd)
    pair.reader.forget(pair.fd)
    pair.reader.forget(2**18)
    assert pair.brings(b"x")[1:] == (0, 0, 0.0, [])


def test_gaps_are_those_of_the_same_extension(pair):
    with pytest.raises(TypeError, match="Gaps"):
        pair.stream.begin(object(), False)
    with pytest.raises(TypeError):
        type(pair.stream)()
    with pytest.raises(ValueError, match="socket"):
        pair.reader.watch(-1)
    pair.epoll.close()
    with pytest.raises(OSError, match="descriptor"):
        pair.reader.look()
