"""What a KV transfer costs: descriptors to post, and bytes over a link that others use too.

A transfer names every piece of memory that it copies: one for each layer while the blocks lie in a
row at both ends, one for each block and layer where they do not.
"""

from __future__ import annotations

from typing import Protocol

from gtc_runtime.planning.hardware import Hardware


class End(Protocol):
    """One end of a link.

    Attributes:
        link_free_s: When it has sent or received everything that it was given.
    """

    link_free_s: float


def descriptors(hardware: Hardware, tokens: int, scattered: float) -> float:
    """Descriptors of one transfer.

    Args:
        hardware: Layers and block size.
        tokens: Tokens whose KV cache is copied.
        scattered: Share (0..1) of its blocks that do not lie in a row.
    """
    blocks = -(-tokens // hardware.block_tokens)
    return hardware.layers * (1 + scattered * max(0, blocks - 1))


def post_s(hardware: Hardware, tokens: int, scattered: float) -> float:
    """Seconds that posting one transfer takes."""
    return descriptors(hardware, tokens, scattered) * hardware.descriptor_us / 1e6


def copy_s(hardware: Hardware, tokens: int, scattered: float) -> float:
    """Seconds that a posted transfer takes on an idle link."""
    gigabytes = tokens * hardware.profile.kv_bytes_per_token / 1e9
    link_gb_s = hardware.link_gb_s
    slow_gb_s = min(link_gb_s, hardware.scattered_gb_s or link_gb_s)
    copied_s = gigabytes * ((1 - scattered) / link_gb_s + scattered / slow_gb_s)
    return hardware.transfer_setup_s + copied_s


def arrives_s(shared: bool, now_s: float, seconds: float, sender: End, receiver: End) -> float:
    """When a transfer that is posted now has arrived.

    Args:
        shared: Whether it takes its turn behind other transfers of both ends.
        now_s: Now.
        seconds: What it takes on an idle link.
        sender: One end.
        receiver: The other one.
    """
    starts_s = max(now_s, sender.link_free_s, receiver.link_free_s) if shared else now_s
    sender.link_free_s = receiver.link_free_s = starts_s + seconds
    return starts_s + seconds
