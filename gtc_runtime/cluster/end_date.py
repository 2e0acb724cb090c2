"""When everything has to be gone, as the cluster itself says: an annotation of the panel's state.

A date moves while the show runs, so no process keeps it in its environment: whoever moves it writes
it here, and the panel reads it again and again. This module must not know Terraform or the account.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from gtc_runtime.cluster.api.errors import NotFound
from gtc_runtime.cluster.api.kube import Kube
from gtc_spec import names
from gtc_spec.cloud import bill
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.kinds import CONFIG_MAP

POLL_INTERVAL_S: Final = 10.0
"""Shorter than a date takes to count as stale."""
log = logging.getLogger(__name__)


class EndDate:
    """The end date as it is now; it moves without a new process.

    Args:
        kube: A client of the workload's namespace.
        until: What counts while the cluster says nothing.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        kube: Kube,
        until: datetime | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube, self._default, self._clock = kube, until, clock
        self.until = until
        self._at_s: float | None = None

    @property
    def age_s(self) -> float | None:
        """Age of the cluster's answer; None before the first one."""
        return None if self._at_s is None else self._clock() - self._at_s

    async def poll(self) -> None:
        """Poll for ever; what was read last stays while the cluster does not answer."""
        while True:
            with suppress(GtcError):
                self.until = await read(self._kube) or self._default
                self._at_s = self._clock()
            await asyncio.sleep(POLL_INTERVAL_S)


async def read(kube: Kube) -> datetime | None:
    """The end date; None when the cluster says none, or nothing that is one.

    Args:
        kube: A client of the workload's namespace.

    Raises:
        KubeError: Kubernetes does not answer or refuses.
    """
    try:
        found = await kube.get(CONFIG_MAP, names.STATE_CONFIG_MAP)
    except NotFound:
        return None
    annotations = (found.get("metadata") or {}).get("annotations")
    text = annotations.get(names.ANNOTATION_UNTIL) if isinstance(annotations, dict) else None
    if not text:
        return None
    try:
        return bill.parse_until(str(text))
    except UsageError as error:
        log.warning("the cluster's end date is not used: %s", error.message)
        return None


async def write(kube: Kube, until: datetime | None) -> None:
    """Say when everything has to be gone; None takes the date away.

    Raises:
        KubeError: Kubernetes does not answer or refuses, or there is no panel yet (`NotFound`).
    """
    text = None if until is None else until.isoformat()
    patch = {"metadata": {"annotations": {names.ANNOTATION_UNTIL: text}}}
    await kube.patch(CONFIG_MAP, names.STATE_CONFIG_MAP, patch)
