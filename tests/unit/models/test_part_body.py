"""A part on its way out: all of its bytes, in large pieces, as often as it must be sent."""

from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.models.part_body import SEND_BYTES, PartBody


def everything(body: PartBody, size: int) -> bytes:
    found = b""
    while piece := body.read(size):
        found += bytes(piece)
    return found


@given(st.integers(0, 3 * SEND_BYTES), st.integers(-1, 2 * SEND_BYTES))
def test_whatever_the_client_asks_for_it_gets_every_byte_once(n_bytes: int, size: int) -> None:
    content = bytes(range(251)) * (n_bytes // 251 + 1)
    body = PartBody(memoryview(content)[:n_bytes])
    assert everything(body, size) == content[:n_bytes]
    assert body.tell() == len(body) == n_bytes


def test_a_client_that_asks_for_little_gets_a_piece_that_is_worth_a_call() -> None:
    body = PartBody(memoryview(bytes(2 * SEND_BYTES)))
    assert len(body.read(16 * 1024)) == SEND_BYTES


def test_a_part_that_must_be_sent_again_begins_anew() -> None:
    body = PartBody(memoryview(b"weights"))
    body.read()
    body.seek(0)
    assert everything(body, 3) == b"weights"
