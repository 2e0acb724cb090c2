"""What a view says of a source that has said nothing for a while: one rule, for every reader.

A source older than `STALE_AFTER_S` is named with its age, and readers grey what rests on it; of one
older than `BLANK_AFTER_S` nothing is known any more. Pure. It must not know who reads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gtc_runtime.told import ClaimView, SentenceView
from gtc_runtime.view import (
    BLANK_AFTER_S,
    STALE_AFTER_S,
    DemoView,
    PoolView,
    Source,
    StaleView,
    WorkersView,
    WorkloadView,
)
from gtc_spec.pools import ROLES

_MEASURED = (
    *("sent_rps", "in_flight", "waiting", "streaming", "conversations", "output_tokens_s"),
    *("slip_p99_ms", "answer"),
)
"""What the load process has measured; rate, mix and turns are what it was asked for."""
_UNKNOWN = WorkloadView(due=None, ok=None, shed=None, failed=None, failed_recent=None)


def judged(view: DemoView) -> DemoView:
    """The view with its stale sources named, and without the figures of those that are too old."""
    ages: dict[Source, float | None] = {
        "cluster": view.cluster_age_s,
        "load": view.load_age_s,
        "prometheus": view.workers_age_s,
        "end date": view.ending_age_s,
    }
    old = tuple(
        StaleView(source, age_s)
        for source, age_s in ages.items()
        if age_s is not None and age_s > STALE_AFTER_S
    )
    if not old:
        return view
    view = without(view, BLANK_AFTER_S)
    if any(each.source == "load" for each in old):
        # a light says of now whether the figures hold: a word, and no figure
        dark = replace(view.load, light="unknown", light_reason="")
        view = replace(view, load=dark, claims=_judged_claims(view))
    return replace(view, stale=old)


def without(view: DemoView, after_s: float) -> DemoView:
    """The view without figures of sources that are older than ``after_s``."""
    if _over(view.cluster_age_s, after_s):
        view = _without_cluster(view)
    if _over(view.load_age_s, after_s):
        view = _without_load(view)
    if _over(view.workers_age_s, after_s):
        view = replace(view, workers=WorkersView())
    return replace(view, ending="") if _over(view.ending_age_s, after_s) else view


def older(view: DemoView, by_s: float) -> DemoView:
    """A view that was made ``by_s`` seconds ago, as it may be told now.

    Once it is stale, no word of it is said of now, and no countdown in it runs.
    """

    def aged(age_s: float | None) -> float | None:
        return None if age_s is None else round(age_s + by_s, 2)

    if by_s > STALE_AFTER_S:
        view = _unmade(view, by_s)
    return judged(
        replace(
            view,
            cluster_age_s=aged(view.cluster_age_s),
            load_age_s=aged(view.load_age_s),
            workers_age_s=aged(view.workers_age_s),
            ending_age_s=aged(view.ending_age_s),
        )
    )


def _unmade(view: DemoView, by_s: float) -> DemoView:
    """A view whose maker is gone: where the show stood is known, not what it does."""
    control = view.control
    coming = None if control.next is None else replace(control.next, ready_in_s=None)
    return replace(
        view,
        phase=replace(view.phase, sentence=SentenceView(), ends_in_s=None),
        control=replace(control, next=coming, resume_s=None),
        claims=_judged_claims(view),
        problem=f"this panel has not looked at anything for {by_s:.0f} s",
    )


def _judged_claims(view: DemoView) -> tuple[ClaimView, ...]:
    """Claims that are judged for good; what is measured "so far" is a word of now."""
    return tuple(claim for claim in view.claims if claim.state != "measuring")


def _over(age_s: float | None, after_s: float) -> bool:
    return age_s is not None and age_s > after_s


def _without_cluster(view: DemoView) -> DemoView:
    control = view.control
    if view.mode == "manual":  # who scales then is seen in the cluster alone
        control = replace(control, scaler=None, since="", by="")
    return replace(
        view,
        pools=tuple(PoolView(role) for role in ROLES),
        pods=(),
        keda="unknown",
        keda_detail="",
        control=control,
    )


def _without_load(view: DemoView) -> DemoView:
    measured: dict[str, Any] = dict.fromkeys(_MEASURED)
    load = replace(view.load, **measured, light="unknown", light_reason="", dots=())
    return replace(view, load=load, workloads=dict.fromkeys(view.workloads, _UNKNOWN))
