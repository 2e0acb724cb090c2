"""The listening socket: a wrong address is told before anything starts."""

import pytest

from gtc_panel.server import bind
from gtc_spec.errors import UsageError


def test_a_taken_port_is_a_usage_error_with_a_way_out() -> None:
    taken = bind("127.0.0.1", 0)
    taken.listen()
    port = taken.getsockname()[1]

    with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 is taken") as caught:
        bind("127.0.0.1", port)

    assert caught.value.hint == "--port 0 takes any free one"
    taken.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "x" * 70 + ".example"])
def test_an_address_of_another_machine_is_a_usage_error(host: str) -> None:
    with pytest.raises(UsageError, match="cannot listen on"):
        bind(host, 0)
