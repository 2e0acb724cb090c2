"""What the download job said last is kept in the cluster, whoever kept something before."""

from gtc_cli.steps.model_record import Listener
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.models.manifest import TOLD, File, Manifest, marked
from gtc_spec.environment import load
from gtc_spec.kinds import CONFIG_MAP
from gtc_spec.manifests.model_record import MANIFEST_KEY, MARKER_KEY, MODEL_RECORD

PROD = load("prod")


def manifest(revision: str) -> Manifest:
    file = File(name="config.json", size_bytes=3, sha256="0" * 64)
    return Manifest(repository=PROD.model.repository, revision=revision, files=(file,))


async def test_the_newest_manifest_and_its_marker_are_written_down(kube: Kube) -> None:
    for revision in ("old", "new"):
        heard: list[str] = []
        listener = Listener(heard.append)
        listener.hear("s3://bucket to /models")
        listener.hear(TOLD + manifest(revision).model_dump_json())
        await listener.write_down(kube, PROD)

    data = (await kube.get(CONFIG_MAP, MODEL_RECORD))["data"]
    kept = marked(data[MANIFEST_KEY].encode(), data[MARKER_KEY].encode(), MODEL_RECORD)
    assert kept == manifest("new")
    assert heard == ["s3://bucket to /models"]


async def test_a_job_that_tells_no_manifest_leaves_no_record(kube: Kube) -> None:
    heard: list[str] = []
    listener = Listener(heard.append)
    listener.hear(f"{TOLD}nonsense")
    await listener.write_down(kube, PROD)

    assert await kube.list(CONFIG_MAP) == []
    assert "no manifest" in heard[0]
