"""The regions that DigitalOcean lists, and which of them are known to have GPUs or shares.

A list of some days, not the truth: no endpoint tells which regions have managed NFS, and GPUs are
allotted by account. What is asked for on purpose goes past it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from gtc_spec.errors import UsageError

AS_OF: Final = "2026-10-08"
"""Day of the newest source below."""
CITIES: Final[Mapping[str, str]] = {
    "nyc1": "New York",
    "nyc2": "New York",
    "nyc3": "New York",
    "ams3": "Amsterdam",
    "sfo2": "San Francisco",
    "sfo3": "San Francisco",
    "sgp1": "Singapore",
    "lon1": "London",
    "fra1": "Frankfurt",
    "tor1": "Toronto",
    "blr1": "Bangalore",
    "syd1": "Sydney",
    "atl1": "Atlanta",
    "ric1": "Richmond",
    "mem1": "Memphis",
    "mkc1": "Kansas City",
}
"""By slug. The first thirteen: docs.digitalocean.com/platform/regional-availability, 2025-11-20.
The last three only sell GPUs in ``GET /v2/sizes`` of another account, 2026-10-08; their cities are
read from the slug, unverified."""
WITH_GPUS: Final = ("atl1", "nyc2", "tor1", "ams3", "ric1", "mem1", "mkc1")
"""atl1: release note of 2025-10-17; nyc2, tor1 and the last three: the list of 2026-10-08; ams3: a
public deployment of 2026 on H100s, second-hand. An account may be given less."""
WITH_NFS: Final = ("atl1", "nyc2")
"""Those that the description of the NFS API names (openapi 7c1300c, 2026-08-07) and the vllm-nfs
reference architecture (2026-01-27); there may be more."""


def check(region: str, *, gpus: bool = False, nfs: bool = False) -> None:
    """Refuse a region that is in no list, or not known to have what is asked of it.

    Args:
        region: Slug.
        gpus: Whether nodes with GPUs are wanted.
        nfs: Whether a managed NFS share is wanted.

    Raises:
        UsageError: It is not, with the one that was meant where that can be seen.
    """
    past = f"unlisted=True takes one that is newer than the lists of {AS_OF}"
    if region not in CITIES:
        meant = _meant(region)
        raise UsageError(
            f"region {region!r} is in no list, allowed: {', '.join(CITIES)}",
            (f"did you mean {meant}? " if meant else "") + past,
        )
    for wanted, what, having in ((gpus, "GPUs", WITH_GPUS), (nfs, "managed NFS", WITH_NFS)):
        if wanted and region not in having:
            raise UsageError(
                f"region {region!r} is not known to have {what}, allowed: {', '.join(having)}",
                past,
            )


def _meant(region: str) -> str:
    called = {city.lower().replace(" ", "-"): slug for slug, city in CITIES.items()}
    called |= {slug: slug for slug in CITIES}
    close = difflib.get_close_matches(region.lower(), called, n=1)
    return called[close[0]] if close else ""
