"""What the settings say about the door, and how people are told of it."""

from __future__ import annotations

import socket
from typing import Final

from gtc_panel.door.key import FILE, Key, kept_in
from gtc_panel.door.login import PATH as LOGIN
from gtc_panel.door.origins import WILDCARD, allowed_hosts, is_loopback
from gtc_panel.door.rules import Rules
from gtc_runtime.settings import Settings

_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address of documentation: nothing is sent, the kernel only says from where it would."""


class Entrance:
    """The rules of one panel and the words for them.

    As soon as another machine could ask, by the address that we listen on or by a name that a proxy
    has, pressing needs a key: the one of the settings, else the one that the state directory keeps.

    Raises:
        UsageError: There is no place to keep a key in.
    """

    def __init__(self, settings: Settings) -> None:
        self._host = settings.host
        self._key, self._kept = settings.panel_key.get_secret_value(), ""
        known = settings.allowed_host_names
        needs_key = not all(map(is_loopback, (settings.host, *known)))
        if needs_key and not self._key:
            self._key = self._kept = kept_in(settings.state_dir)
        self._place = settings.state_dir / FILE
        self.rules: Final = Rules(
            allowed_hosts(settings.host, known), Key(self._key) if needs_key else None
        )

    def told(self, port: int, metrics_port: int) -> str:
        """One line for the log."""
        address = f"http://{reachable(self._host)}:{port}"
        how = f"; {pressing}" if (pressing := self.for_others(port)) else ""
        return f"panel at {address}, metrics at port {metrics_port}{how}"

    def for_others(self, port: int) -> str:
        """How another machine gets in; empty when none can. A key that was given is not told."""
        if self.rules.key is None:
            return ""
        login = f"http://{reachable(self._host)}:{port}{LOGIN}"
        if not self._kept:
            return f"pressing needs GTC_PANEL_KEY, log in at {login}"
        return f"pressing needs the key in {self._place}; {login}#{self._kept} logs in"


def reachable(host: str) -> str:
    """An address that another machine can use; for a wildcard the one towards its network."""
    if host not in WILDCARD:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
