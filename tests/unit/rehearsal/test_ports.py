"""Ports that are held for children: who gets them, and who does not."""

import socket

import pytest

from gtc_rehearsal.dynamo.dynamo_settings import PORTS
from gtc_rehearsal.ports import HOST, HeldPort
from gtc_spec.errors import GtcError


def listening(port: int) -> socket.socket:
    """As servers do it: the address may be used again."""
    listener = socket.create_server((HOST, port))
    assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    return listener


def test_a_child_may_listen_where_a_port_is_held_for_it_and_again_after_it_died() -> None:
    with HeldPort() as held:
        for _ in range(2):
            with listening(held.number), socket.create_connection((HOST, held.number)):
                pass
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((HOST, held.number))


def test_nobody_else_is_given_a_port_that_is_held() -> None:
    with HeldPort() as held, socket.socket() as other:
        with pytest.raises(OSError, match="in use"):
            other.bind((HOST, held.number))
        with pytest.raises(GtcError, match=f"no free port between {held.number} and"):
            HeldPort([held.number])


def test_a_port_that_was_let_go_is_free() -> None:
    with HeldPort() as held:
        pass
    with HeldPort([held.number]) as again:
        assert again.number == held.number


def test_a_port_on_which_somebody_listens_is_not_held() -> None:
    with listening(0) as taken, pytest.raises(GtcError, match="no free port"):
        HeldPort([taken.getsockname()[1]])


def test_ports_of_dynamo_fit_into_sixteen_signed_bits() -> None:
    with HeldPort(PORTS) as held:
        assert 1024 < held.number < 32_768
    assert max(PORTS) < 32_768
