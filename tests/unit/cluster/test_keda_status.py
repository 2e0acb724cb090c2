"""A pause of somebody else is told with its object, its annotation and what it was set with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gtc_runtime.cluster.keda_status import KedaStatus, ScalerState, scaler_state
from gtc_spec import names


def paused(managed: Any) -> ScalerState:
    metadata = {"annotations": {names.ANNOTATION_PAUSED: "true"}, "managedFields": managed}
    return scaler_state({"metadata": metadata}, hpa_present=False)


def entry(manager: str, annotation: str) -> dict[str, Any]:
    """As the API server writes it."""
    fields = {"f:metadata": {"f:annotations": {f"f:{annotation}": {}}}}
    return {"manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}


def test_the_program_that_set_a_pause_is_named() -> None:
    others = [entry("keda", "a/b"), entry("kubectl-annotate", names.ANNOTATION_PAUSED)]
    status = KedaStatus({"prefill": paused(others), "decode": ScalerState(present=True)})

    assert status.paused_by_other == (
        "gtc-demo-prefill-scaler has autoscaling.keda.sh/paused: true, set by kubectl-annotate"
    )


@pytest.mark.parametrize("managed", [None, "x", [None], [{}], [{"fieldsV1": {"f:metadata": 5}}]])
def test_where_nothing_is_noted_nobody_is_named(managed: Any) -> None:
    assert paused(managed).set_by == ""


NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
DUSK = NOON + timedelta(hours=6)


def ours(until: datetime | None) -> ScalerState:
    pause = f"{names.ANNOTATION_PAUSED}: true"
    return ScalerState(present=True, pause=pause, owner="panel", until=until)


@pytest.mark.parametrize(
    ("prefill", "decode", "until"),
    [(NOON, DUSK, NOON), (DUSK, DUSK, DUSK), (None, DUSK, None), (DUSK, None, None)],
)
def test_a_pause_ends_by_itself_only_where_every_part_of_it_does(
    prefill: datetime | None, decode: datetime | None, until: datetime | None
) -> None:
    status = KedaStatus({"prefill": ours(prefill), "decode": ours(decode)})
    assert status.until == until


def test_a_scaler_that_is_not_ours_has_no_part_in_the_end_of_our_pause() -> None:
    status = KedaStatus({"prefill": ours(DUSK), "decode": ScalerState(present=True)})
    assert (status.until, status.held_at(NOON), status.held_at(DUSK)) == (DUSK, True, False)
