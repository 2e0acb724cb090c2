"""Checks of the checkpoint: the claim that workers mount, and what the last setup wrote down."""

from __future__ import annotations

from gtc_runtime.checks.scene import Scene
from gtc_runtime.models.manifest import marked, parse
from gtc_runtime.verdict import NotApplicable, Verdict, green, judge, red
from gtc_spec import names
from gtc_spec.errors import GtcError
from gtc_spec.kinds import CONFIG_MAP, PVC
from gtc_spec.manifests.model_record import MANIFEST_KEY, MARKER_KEY, MODEL_RECORD

_AGAIN = "make setup-model; seconds when the share is complete"


async def volume(scene: Scene) -> Verdict:
    """The claim has its volume."""
    _require_share(scene)
    there = await scene.one(PVC, names.MODEL_CLAIM)
    if there is None:
        return red(f"no claim {names.MODEL_CLAIM}", "Bound", "make cluster-config creates it")
    phase = str((there.get("status") or {}).get("phase") or "no phase yet")
    hint = f"kubectl -n {names.NAMESPACE_WORKLOAD} describe pvc {names.MODEL_CLAIM}"
    return judge(phase == "Bound", f"{names.MODEL_CLAIM} is {phase}", "Bound", hint)


async def model(scene: Scene) -> Verdict:
    """The record of `gtc model setup`: nobody can look into the share from here."""
    _require_share(scene)
    repository = scene.env.model.repository
    record = await scene.one(CONFIG_MAP, MODEL_RECORD)
    if record is None:
        return red("no model was ever brought to the share", repository, _AGAIN)
    data = record.get("data") or {}
    manifest, marker = data.get(MANIFEST_KEY), data.get(MARKER_KEY)
    if not manifest:
        said = "a marker without a manifest" if marker else "neither manifest nor marker"
        return red(said, "both, belonging together", _AGAIN)
    try:
        found = parse(manifest.encode(), MODEL_RECORD)
    except GtcError as error:
        return red(error.message, "a manifest", _AGAIN)
    if marked(manifest.encode(), str(marker or "").encode(), MODEL_RECORD) is None:
        said = "belongs to another manifest" if marker else "is missing"
        return red(f"the marker {said}", "one over this manifest", _AGAIN)
    told = f"{found.repository} at {found.revision[:12]}, {len(found.files)} files"
    if found.repository != repository:
        return red(told, repository, _AGAIN)
    return green(told, repository)


def _require_share(scene: Scene) -> None:
    """Skip a check of the share where the model travels with the graph.

    Raises:
        NotApplicable: There is none.
    """
    if scene.env.hosting.share is None:
        raise NotApplicable(f"{scene.env.name} stores no checkpoint, its workers are simulated")
