"""Pauses and resumes KEDA for our two pools, and says who has paused it.

A pause never expires in KEDA, so it always carries our owner annotation, written and removed in
the same patch. The HPA is the truth: KEDA deletes it when a pause has taken effect and makes it
anew after a resume; the ``Paused`` condition has been wrong in several releases (kedacore/keda
#6421, #6982). Only the holder of the Lease pauses. This module must not know replicas or phases.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from gtc_runtime.cluster.api.errors import Conflict, KubeError, NotFound
from gtc_runtime.cluster.api.kube import Json, Kube, resource_version
from gtc_runtime.cluster.keda_status import KedaStatus, ScalerState, scaler_state
from gtc_spec import names
from gtc_spec.kinds import HPA, SCALED_OBJECT
from gtc_spec.pools import ROLES, Role

HPA_DEADLINE_S: Final = 30.0
"""Longest wait for an HPA to go or to come back."""
_POLL_INTERVAL_S = 0.5
_RACES_MAX = 5
"""KEDA writes the status of a ScaledObject now and then; a lost race is read again this often."""

_OURS: Final = (
    names.ANNOTATION_PAUSED,
    names.ANNOTATION_PAUSED_BY,
    names.ANNOTATION_PAUSED_UNTIL,
)
"""What a pause of ours is written with."""


class PausedByOther(KubeError):  # noqa: N818
    """Somebody else has paused a ScaledObject; it is left as it is."""


class HpaLate(KubeError):  # noqa: N818
    """KEDA has taken the annotation, and its HPA did not follow in time."""


class PauseStands(KubeError):  # noqa: N818
    """A pause failed, as ``__cause__`` says, and so did its roll-back: ours may stand."""


class Keda:
    """KEDA's hold on the two pools.

    Args:
        kube: A client of the namespace of the ScaledObjects.
        clock: Monotonic seconds.
        hpa_deadline_s: Longest wait for an HPA to go or to come back.
    """

    def __init__(
        self,
        kube: Kube,
        clock: Callable[[], float] = time.monotonic,
        hpa_deadline_s: float = HPA_DEADLINE_S,
    ) -> None:
        self._kube = kube
        self._clock = clock
        self._hpa_deadline_s = hpa_deadline_s

    async def status(self) -> KedaStatus:
        """Both ScaledObjects and their HPAs now; what is missing is a state, not an error."""
        states = await asyncio.gather(*(self._read(role) for role in ROLES))
        return KedaStatus(dict(zip(ROLES, states, strict=True)))

    async def pause(
        self, holder: str, *, force: bool = False, until: datetime | None = None
    ) -> KedaStatus:
        """Pause both ScaledObjects, all or nothing, and wait until both HPAs are gone.

        A pause that an earlier holder of ours has left is taken over; one of this holder that has
        no end of its own goes on standing whatever happens.

        Args:
            holder: Our identity, as in the Lease.
            force: Take over a foreign pause as well.
            until: When it is to end although its holder is gone; None ends it with the holder.

        Raises:
            PausedByOther: A foreign pause, and no ``force``; nothing of ours stands.
            HpaLate: An HPA did not go in time; the pause was rolled back.
            PauseStands: It could not be rolled back; `resume` it.
            KubeError: A patch failed; the pause was rolled back.
        """
        before = await self.status()
        if before.paused_by_other and not force:
            raise _paused_by_other(before.paused_by_other)
        try:
            for role in ROLES:
                await self._pause_one(role, holder, force, until)
            return await self._wait(_settled_pause, "is still there")
        except KubeError as error:
            await self._roll_back(holder, before, error)
            raise

    async def resume(self, holder: str | None = None, *, force: bool = False) -> KedaStatus:
        """Remove our pause and wait until KEDA has its HPAs back.

        Args:
            holder: Only a pause of this holder; None takes any that carries our annotation.
            force: Remove foreign pauses as well.

        Raises:
            HpaLate: The annotations are gone and an HPA is not back yet.
            KubeError: At least one ScaledObject could not be patched; the other one was.
        """
        await self._unpause(holder, force=force)
        return await self._wait(_settled_resume, "is not back")

    async def _read(self, role: Role) -> ScalerState:
        found = await self._find(role)
        if found is None:
            return ScalerState(present=False)
        status = found.get("status")
        named = status.get("hpaName") if isinstance(status, dict) else None
        try:
            hpa = await self._kube.get(HPA, named or names.hpa(names.scaler(role)))
        except NotFound:
            return scaler_state(found, hpa_present=False)
        return scaler_state(found, hpa_present=True, hpa=hpa)

    async def _find(self, role: Role) -> Json | None:
        try:
            return await self._kube.get(SCALED_OBJECT, names.scaler(role))
        except NotFound:
            return None

    async def _pause_one(
        self, role: Role, holder: str, force: bool, until: datetime | None
    ) -> None:
        def change(scaler: ScalerState) -> dict[str, str | None] | None:
            if scaler.foreign_pause and not force:
                raise _paused_by_other(f"{names.scaler(role)} has {scaler.foreign_pause}")
            taken: dict[str, str | None] = {
                names.ANNOTATION_PAUSED: "true",
                names.ANNOTATION_PAUSED_BY: holder,
                names.ANNOTATION_PAUSED_UNTIL: until.isoformat() if until else None,
            }
            return taken | ({names.ANNOTATION_PAUSED_REPLICAS: None} if force else {})

        await self._annotate(role, change)

    async def _unpause(
        self, holder: str | None, *, force: bool = False, roles: Sequence[Role] = ROLES
    ) -> None:
        def change(scaler: ScalerState) -> dict[str, str | None] | None:
            ours = scaler.owner and holder in (None, scaler.owner)
            if not (ours or (force and scaler.pause)):
                return None
            every = (*_OURS, names.ANNOTATION_PAUSED_REPLICAS) if force else _OURS
            return dict.fromkeys(every)

        failed: list[KubeError] = []
        for role in roles:
            try:
                await self._annotate(role, change)
            except KubeError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    async def _annotate(
        self, role: Role, change: Callable[[ScalerState], dict[str, str | None] | None]
    ) -> None:
        """Change annotations of exactly the version that the change was decided on."""
        for races in range(1, _RACES_MAX + 1):
            found = await self._find(role)
            wanted = None if found is None else change(scaler_state(found, hpa_present=False))
            if found is None or wanted is None:
                return
            try:
                await self._kube.patch(
                    SCALED_OBJECT,
                    names.scaler(role),
                    {"metadata": {"annotations": wanted}},
                    resource_version=resource_version(found),
                )
            except Conflict:
                if races == _RACES_MAX:
                    raise
            else:
                return

    async def _roll_back(self, holder: str, before: KedaStatus, cause: KubeError) -> None:
        """End what this try has paused; what it has taken over from somebody is theirs again."""
        try:
            for role, scaler in before.scalers.items():
                if scaler.foreign_pause:
                    await self._give_back(role, holder, scaler.foreign_pause)
            # one that has stood for as long as we live is not this try's to end
            stood = {
                role
                for role, scaler in before.scalers.items()
                if scaler.owner == holder and scaler.until is None
            }
            await self._unpause(holder, roles=[role for role in ROLES if role not in stood])
        except KubeError as error:
            # The owner annotation stays: who lives ends it, and the guardian when nobody does.
            stands = f"{cause.message}; our own pause may stand: {error.message}"
            raise PauseStands(stands, cause.hint, cause.status) from cause

    async def _give_back(self, role: Role, holder: str, pause: str) -> None:
        key, _, value = pause.partition(": ")
        theirs: dict[str, str | None] = {**dict.fromkeys(_OURS), key: value}
        await self._annotate(role, lambda scaler: theirs if scaler.owner == holder else None)

    async def _wait(self, settled: Callable[[ScalerState], bool], complaint: str) -> KedaStatus:
        give_up = self._clock() + self._hpa_deadline_s
        while True:
            status = await self.status()
            late = [role for role, scaler in status.scalers.items() if not settled(scaler)]
            if not late:
                return status
            if self._clock() >= give_up:
                which = ", ".join(names.hpa(names.scaler(role)) for role in late)
                raise HpaLate(
                    f"hpa {which} {complaint} after {self._hpa_deadline_s:g} s",
                    "is the keda operator running?",
                )
            await asyncio.sleep(_POLL_INTERVAL_S)


def _settled_pause(scaler: ScalerState) -> bool:
    return not scaler.present or not scaler.hpa_present


def _settled_resume(scaler: ScalerState) -> bool:
    # Whoever else has paused it, by our annotation or by theirs, keeps its HPA away.
    return not scaler.present or bool(scaler.pause) or scaler.hpa_present


def _paused_by_other(what: str) -> PausedByOther:
    return PausedByOther(
        f"keda is paused by somebody else: {what}",
        "remove that annotation, or take it over: gtc auto --take-over",
    )
