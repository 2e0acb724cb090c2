"""Which transport suits a server: the one with arrival times from the kernel where that works."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.settings import Timeouts
from gtc_runtime.load.wire.asyncio_transport import AsyncTransport, Transport
from gtc_runtime.load.wire.kernel_calls import stamps_work
from gtc_runtime.load.wire.kernel_transport import KernelTransport


def transport_for(url: str, timeouts: Timeouts, access: Access | None = None) -> Transport:
    """The best transport for a server.

    It says itself what it is: `stamp_source`, and in `stamp_reason` why it is not the kernel's.

    Args:
        url: Base address of the server.
        timeouts: How long connecting may take.
        access: Whom encrypted connections trust.
    """
    if reason := _why_not_kernel(url):
        return AsyncTransport(url, timeouts.connect_s, reason=reason, access=access)
    return KernelTransport(url, timeouts.connect_s)


def _why_not_kernel(url: str) -> str:
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return "not on 64-bit linux"
    if urlsplit(url).scheme == "https":
        return "the connection is encrypted"
    try:
        return "" if stamps_work() else "the kernel stamps nothing"
    except OSError:
        return "there is no loopback to try the kernel's stamps"
