import errno
import select
import socket
import struct
import time
from contextlib import ExitStack

import pytest

from gtc_runtime.load.wire.kernel_calls import SO_TIMESTAMPNS, ReadyList, Receiver, failed, libc


@pytest.fixture
def pairs():
    """Makes connections over loopback: (near, far), the near end stamped and never waiting."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def pair():
            near = stack.enter_context(socket.create_connection(listener.getsockname(), timeout=1))
            far = stack.enter_context(listener.accept()[0])
            near.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            near.setblocking(False)
            return near, far

        yield pair


def arrived(near):
    assert select.select([near], [], [], 1.0)[0]
    return near.fileno()


def test_each_socket_is_read_into_a_slot_of_its_own(pairs):
    both = [pairs(), pairs(), pairs()]
    for number, (_, far) in enumerate(both):
        far.send(b"%d" % number * (number + 1))
    receiver = Receiver(4, 64)
    sizes = receiver.receive([arrived(near) for near, _ in both])
    assert sizes == [1, 2, 3]
    assert [receiver.data(slot, size) for slot, size in enumerate(sizes)] == [b"0", b"11", b"222"]


def test_no_read_is_larger_than_a_slot(pairs):
    near, far = pairs()
    far.send(b"x" * 100)
    receiver = Receiver(2, 64)
    fd = arrived(near)
    assert receiver.receive([fd]) == [64]
    assert receiver.receive([fd]) == [36]


def test_silence_the_end_and_a_broken_connection_are_told_apart(pairs):
    silent, _open = pairs()
    ended, far = pairs()
    far.shutdown(socket.SHUT_WR)
    arrived(ended)
    broken, gone = pairs()
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.close()  # with a reset
    arrived(broken)
    sizes = Receiver(3, 64).receive([silent.fileno(), ended.fileno(), broken.fileno()])
    assert sizes == [-errno.EAGAIN, 0, -errno.ECONNRESET]


def test_stamps_are_those_of_the_socket_in_the_same_place(pairs):
    receiver = Receiver(2, 64)
    first, second = pairs(), pairs()
    sent_s = []
    for near, far in (first, second):
        for _ in range(50):  # the kernel takes a moment to begin
            at_s = time.time()
            far.send(b".")
            fd = arrived(near)
            receiver.receive([fd])
            if receiver.stamp(0):
                break
            time.sleep(0.002)
        sent_s.append(at_s)
    first[1].send(b"a")
    time.sleep(0.05)
    second[1].send(b"b")
    receiver.receive([arrived(second[0]), arrived(first[0])])
    late, early = receiver.stamp(0), receiver.stamp(1)
    gap_s = late[0] - early[0] + (late[1] - early[1]) / 1e9
    assert 0.04 < gap_s < 1.0
    assert early[0] + early[1] / 1e9 > sent_s[0]


def test_what_is_not_stamped_has_no_stamp_and_the_next_read_may_have_one(pairs):
    near, far = pairs()
    bare, far_bare = pairs()
    bare.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 0)
    receiver = Receiver(1, 64)
    far_bare.send(b"a")
    receiver.receive([arrived(bare)])
    assert receiver.stamp(0) is None
    for _ in range(50):  # the kernel takes a moment to begin
        far.send(b"a")
        receiver.receive([arrived(near)])
        if stamp := receiver.stamp(0):
            break
        time.sleep(0.002)
    assert abs(stamp[0] + stamp[1] / 1e9 - time.time()) < 1.0


def test_an_end_leaves_its_slot_as_it_was(pairs):
    near, far = pairs()
    receiver = Receiver(1, 64)
    for _ in range(50):  # the kernel takes a moment to begin
        far.send(b"a")
        receiver.receive([arrived(near)])
        if receiver.stamp(0):
            break
        time.sleep(0.002)
    ended, gone = pairs()
    gone.shutdown(socket.SHUT_WR)
    assert receiver.receive([arrived(ended)]) == [0]
    far.send(b"a")
    assert receiver.receive([arrived(near)]) == [1]
    assert receiver.stamp(0) is not None


def test_an_epoll_names_what_is_ready_and_no_more_than_asked(pairs):
    both = [pairs() for _ in range(3)]
    with select.epoll() as epoll:
        ready, two = ReadyList(epoll, 8), ReadyList(epoll, 2)
        for near, _ in both:
            epoll.register(near.fileno(), select.EPOLLIN)
        assert list(ready.read()) == []
        for _, far in both:
            far.send(b"x")
        fds = {arrived(near) for near, _ in both}
        assert {fd for _, fd in ready.read()} == fds
        assert all(mask & select.EPOLLIN for mask, _ in ready.read())
        assert len(list(two.read())) == 2


def test_a_closed_epoll_is_an_error():
    epoll = select.epoll()
    ready = ReadyList(epoll, 8)
    epoll.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        list(ready.read())


def test_the_error_of_a_call_has_the_class_of_its_number():
    assert libc().close(-1) == -1
    error = failed()
    assert error.errno == errno.EBADF
    assert str(error) == "[Errno 9] Bad file descriptor"
