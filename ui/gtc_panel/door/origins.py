"""Which browser pages and which host names may talk to this server, for HTTP and sockets.

The page library's socket accepts any Origin and runs UI events without a cookie, so a page that
the presenter has open in another tab could press the buttons: Origin holds it everywhere. A
picture's address is enough to make this server build a page: Sec-Fetch-Site holds that, but
browsers send it to loopback and over TLS only; on a plain address in a network the limits on pages
do. The Host list also stops DNS rebinding. A client that is not a browser sends neither header and
is let through: no page can trick it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
WILDCARD: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - to be told from an address
PROBES: Final = frozenset({"/healthz", "/readyz"})
"""Read-only paths that a kubelet asks by pod address, so any Host may name them."""


def allowed_hosts(bound_host: str, extra: Collection[str] = ()) -> frozenset[str]:
    """Host names that may appear in a Host header: loopback, the bound one and ``extra``.

    A wildcard address stands for this machine's own name. Its addresses need no list: see
    `refusal`.
    """
    name = socket.gethostname()
    bound = {name, f"{name}.local"} if bound_host in WILDCARD else {bound_host}
    return LOOPBACK | {each.strip().strip("[]").lower() for each in (*bound, *extra)} - {""}


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(plain(host)).is_loopback
    except ValueError:
        return False


def plain(host: str) -> str:
    """An address as people write it; a socket for both families says ``::ffff:`` before IPv4's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    inside = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return host if inside is None else str(inside)


def refusal(scope: Scope, hosts: Collection[str]) -> str:
    """Why a request is refused, one line; empty when it may pass.

    The very address at which a connection arrived is always a good name: unlike a host name it
    cannot be made to mean another machine.
    """
    host_headers, origins = header(scope, b"host"), header(scope, b"origin")
    if len(host_headers) != 1 or len(origins) > 1:
        return "one host header and at most one origin are allowed"
    host = _authority(f"http://{host_headers[0]}")
    if host is None:
        return f"host {host_headers[0][:80]!r} is not a host name"
    if origins:
        origin = _authority(origins[0])
        if origin is None or origin != host:
            return f"origin {origins[0][:80]!r} is foreign, allowed: this page's own"
    is_probe = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in PROBES
    known = host[0] in hosts or host[0] == _arrived_at(scope)
    if not known and not is_probe:
        return f"host {host[0][:80]!r} is unknown, allowed: {', '.join(sorted(hosts))}"
    return _foreign_page(scope)


def header(scope: Scope, name: bytes) -> list[str]:
    """All values of one header."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _foreign_page(scope: Scope) -> str:
    """Why a browser may not ask this for the page that it shows; following a link is allowed."""
    sites = header(scope, b"sec-fetch-site")
    if all(site in ("same-origin", "none") for site in sites):
        return ""
    follows = (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and header(scope, b"sec-fetch-mode") == ["navigate"]
        and header(scope, b"sec-fetch-dest") == ["document"]
        and not header(scope, b"sec-purpose")
    )
    if follows and sites in (["cross-site"], ["same-site"]):
        return ""
    return f"sec-fetch-site {sites[0][:20]!r}: another site may link here and nothing else"


def _arrived_at(scope: Scope) -> str:
    server = scope.get("server")
    return plain(str(server[0])) if server else ""


def _authority(url: str) -> tuple[str, int] | None:
    """Host and port of ``scheme://host[:port]``; None for anything else, ``null`` included."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    extra = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or extra:
        return None
    # a TLS proxy in front makes the page https while Host carries no port: one default for both
    return parts.hostname.lower(), 80 if port is None or port == 443 else port
