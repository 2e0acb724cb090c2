"""What one poll of the ScaledObjects says: who has paused KEDA, and how; else whether it sees.

Reads every form of pause that KEDA knows. Pure: objects in, state out. This module must not know
how a pause is made or ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.cluster.keda_sight import deaf, unread
from gtc_spec import names
from gtc_spec.pools import Role

_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
"""What Go's ParseBool takes for false; KEDA counts any other text as paused."""
_PARTIAL = ("autoscaling.keda.sh/paused-scale-in", "autoscaling.keda.sh/paused-scale-out")
"""KEDA 2.18 and later: one direction is held, the HPA stays."""


@dataclass(frozen=True)
class ScalerState:
    """One ScaledObject at one poll.

    Attributes:
        present: Whether it exists; False also when KEDA is not installed.
        pause: The annotation that pauses it, ``key: value``; empty when it is not paused.
        owner: Who paused it by our annotation; empty when nobody did.
        until: When that pause is to end; None when it ends with its holder.
        held: A partial pause (scale-in or scale-out only), ``key: value``; empty without.
        hpa_present: Whether its HPA exists.
        blind: Why KEDA cannot see what it scales by, one line; empty when it can.
        set_by: Through what program the pause was set, as the API server noted it; empty when it
            did not.
    """

    present: bool
    pause: str = ""
    owner: str = ""
    until: datetime | None = None
    held: str = ""
    hpa_present: bool = False
    blind: str = ""
    set_by: str = ""

    @property
    def foreign_pause(self) -> str:
        """The annotation of somebody else that pauses it; empty without one."""
        ours = self.owner and not self.pause.startswith(names.ANNOTATION_PAUSED_REPLICAS)
        return "" if ours else self.pause


@dataclass(frozen=True)
class KedaStatus:
    """Both ScaledObjects at one poll."""

    scalers: Mapping[Role, ScalerState]

    @property
    def state(self) -> Literal["active", "blind", "paused-by-us", "paused-by-other", "absent"]:
        """The one word for it."""
        if not any(scaler.present for scaler in self.scalers.values()):
            return "absent"
        if self.paused_by_other:
            return "paused-by-other"
        if self.paused_by_us:
            return "paused-by-us"
        return "blind" if self.blind else "active"

    @property
    def paused(self) -> bool:
        """Whether a pool is kept from KEDA by anybody; what a free one sees does not matter."""
        return bool(self.paused_by_us or self.paused_by_other)

    @property
    def scales(self) -> bool:
        """Whether KEDA has its HPAs: it acts only through them."""
        return not self.paused and all(
            each.hpa_present for each in self.scalers.values() if each.present
        )

    @property
    def paused_by_us(self) -> bool:
        """Whether at least one ScaledObject carries our owner annotation, whoever the holder."""
        return any(scaler.owner for scaler in self.scalers.values())

    @property
    def holder(self) -> str:
        """Who paused by our annotation; empty when nobody did."""
        return next((scaler.owner for scaler in self.scalers.values() if scaler.owner), "")

    @property
    def until(self) -> datetime | None:
        """When our pause is to end by itself, the earliest if they differ.

        None where any part of it ends with its holder: who died while taking over from a pause
        with an end has left both kinds.
        """
        times = [scaler.until for scaler in self.scalers.values() if scaler.owner]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    def held_at(self, now: datetime) -> bool:
        """Whether our pause is meant to go on at ``now`` although nobody may hold the Lease."""
        return self.paused_by_us and self.until is not None and now < self.until

    @property
    def paused_by_other(self) -> str:
        """Which foreign annotation pauses what; empty when none does."""
        return "; ".join(
            f"{names.scaler(role)} has {scaler.foreign_pause}"
            + (f", set by {scaler.set_by}" if scaler.set_by else "")
            for role, scaler in self.scalers.items()
            if scaler.foreign_pause
        )

    @property
    def blind(self) -> str:
        """Which scaler cannot see its metric, and why; a paused one needs none."""
        return "; ".join(
            f"{names.scaler(role)} is blind: {scaler.blind}"
            for role, scaler in self.scalers.items()
            if scaler.blind and not scaler.pause
        )

    @property
    def held(self) -> str:
        """Which annotation holds what in one direction only; empty when none does."""
        return "; ".join(
            f"{names.scaler(role)} has {scaler.held}"
            for role, scaler in self.scalers.items()
            if scaler.held
        )

    @property
    def hpa_present(self) -> dict[Role, bool]:
        """Whether each HPA exists."""
        return {role: scaler.hpa_present for role, scaler in self.scalers.items()}

    @property
    def reason(self) -> str:
        """The state in one line for a person; empty when KEDA simply works."""
        if self.state == "absent":
            return "keda is not installed or has no scaler for the pools"
        ends = f" until {self.until:%H:%M} UTC" if self.until else ""
        paused = f"paused by {self.holder}{ends}" if self.holder else ""
        found = [self.paused_by_other, paused, self.blind]
        for role, scaler in self.scalers.items():
            found.append(_oddity(names.scaler(role), scaler))
        return "; ".join(part for part in found if part)


def scaler_state(scaled_object: Json, *, hpa_present: bool, hpa: Json | None = None) -> ScalerState:
    """Read every form of pause that KEDA knows from a ScaledObject, and whether it sees.

    Args:
        scaled_object: As it was read.
        hpa_present: Whether its HPA exists.
        hpa: That HPA, where somebody has read it.
    """
    metadata = scaled_object.get("metadata")
    annotations: Any = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict):
        annotations = {}
    pause = ""
    if names.ANNOTATION_PAUSED_REPLICAS in annotations:
        pause = names.ANNOTATION_PAUSED_REPLICAS
    elif annotations.get(names.ANNOTATION_PAUSED, "false") not in _FALSE:
        pause = names.ANNOTATION_PAUSED
    held = next((key for key in _PARTIAL if annotations.get(key, "false") not in _FALSE), "")
    return ScalerState(
        present=True,
        pause=f"{pause}: {annotations[pause]}" if pause else "",
        owner=str(annotations.get(names.ANNOTATION_PAUSED_BY) or ""),
        until=_time(annotations.get(names.ANNOTATION_PAUSED_UNTIL)),
        held=f"{held}: {annotations[held]}" if held else "",
        hpa_present=hpa_present,
        blind=unread(scaled_object) or (deaf(hpa) if hpa else ""),
        set_by=_manager(metadata, pause) if pause else "",
    )


def _manager(metadata: Any, annotation: str) -> str:
    """Who manages an annotation, such as ``kubectl-annotate``; empty when that is not noted."""
    managed = metadata.get("managedFields") if isinstance(metadata, dict) else None
    for entry in managed if isinstance(managed, list) else []:
        fields: Any = entry
        for key in ("fieldsV1", "f:metadata", "f:annotations"):
            fields = fields.get(key) if isinstance(fields, dict) else None
        if isinstance(fields, dict) and f"f:{annotation}" in fields:
            return str(entry.get("manager") or "")
    return ""


def _time(text: object) -> datetime | None:
    """A damaged time is none: the pause then ends with its holder, the safe side."""
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else None


def _oddity(name: str, scaler: ScalerState) -> str:
    if not scaler.present:
        return f"{name} does not exist"
    if scaler.held:
        return f"{name} has {scaler.held}"
    if scaler.pause:
        return f"{name} still has its hpa" if scaler.hpa_present else ""
    # Also KEDA 2.12, which pauses even on "false".
    return "" if scaler.hpa_present else f"{name} is not paused and has no hpa"
