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


def arrives_s(hardware: Hardware, now_s: float, sender: End, receiver: End, tokens: int) -> float:
    """When a transfer that is posted now has arrived; it takes its turn at both ends."""
    megabytes = tokens * hardware.profile.kv_bytes_per_token / 1e6
    seconds = hardware.transfer_setup_s + megabytes / 1000 / hardware.link_gb_s
    starts_s = now_s
    if hardware.link_contention:
        starts_s = max(starts_s, sender.link_free_s, receiver.link_free_s)
    ends_s = starts_s + seconds
    sender.link_free_s = receiver.link_free_s = ends_s
    return ends_s
