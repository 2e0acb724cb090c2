"""Ends what is left in the account through its API, when no state can do it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery.inventory import Inventory, Kind, Thing
from gtc_spec.errors import GtcError, UnreachableError, UsageError

SWEEP_S: Final = 1800.0
"""Longest wait for everything to be gone: a VPC keeps what was in it for minutes."""
POLL_INTERVAL_S: Final = 10.0
PATHS: Final[dict[Kind, str]] = {
    "cluster": "kubernetes/clusters/{id}/destroy_with_associated_resources/dangerous",
    "share": "nfs/{id}",
    "load balancer": "load_balancers/{id}",
    "volume": "volumes/{id}",
    "droplet": "droplets/{id}",
    "vpc": "vpcs/{id}",
}


def sweep(
    api: Api,
    read: Callable[[], Inventory],
    log: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Delete everything that is found, until it finds nothing.

    What cannot go yet, because something in it is still going, is asked again.

    Args:
        api: The account.
        read: What is still there.
        log: Gets one line whenever that changes.
        clock: Monotonic seconds.
        sleep: Waits, seconds.

    Raises:
        GtcError: Something was still there after `SWEEP_S`.
    """
    give_up = clock() + SWEEP_S
    told = ""
    while found := read().things:
        why = _ask_once(api, found)
        said = "deleting " + ", ".join(f"{each.kind} {each.name}" for each in found)
        if said != told:
            log(said)
            told = said
        if clock() >= give_up:
            left = ", ".join(map(str, found))
            raise GtcError(f"still there after {SWEEP_S:.0f} s: {left}; {why}")
        if read().things:
            sleep(POLL_INTERVAL_S)


def _ask_once(api: Api, things: tuple[Thing, ...]) -> str:
    """Ask for the end of each; the last refusal."""
    refused = ""
    for thing in things:
        if thing.status == "deleting":
            continue
        region = f"?region={thing.document.get('region', '')}" if thing.kind == "share" else ""
        try:
            api.delete(PATHS[thing.kind].format(id=thing.id) + region)
        except (UnreachableError, UsageError):
            raise
        except GtcError as error:
            refused = error.message
    return refused
