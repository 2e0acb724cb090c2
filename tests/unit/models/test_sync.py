"""HuggingFace to the bucket to the share: what arrives, what is done twice, what is refused."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody

from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.crew import PAUSES_S, Crew
from gtc_runtime.copies.directory import LOCK
from gtc_runtime.copies.progress import Progress
from gtc_runtime.models.manifest import MANIFEST
from gtc_spec import names
from gtc_spec.errors import GtcError, UnreachableError
from tests.unit.models.conftest import PREFIX, WEIGHTS, Models
from tests.unit.models.fake_hub import COMMIT, REPOSITORY

SERVED = {
    WEIGHTS,
    "model-00002-of-00002.safetensors",
    "config.json",
    "extra/tokenizer.json",
    "empty.txt",
}


def test_every_file_arrives_on_the_share_as_the_hub_has_it(models: Models) -> None:
    models.upload()
    models.download()
    for name in SERVED:
        assert models.path(name).read_bytes() == (models.hub.folder / name).read_bytes()
    assert models.files() == {*SERVED, MANIFEST, names.DOWNLOAD_MARKER}
    assert models.objects() == {*SERVED, MANIFEST, names.UPLOAD_MARKER}
    left = {path.name for path in (models.root / "scratch").rglob("*") if path.is_file()}
    assert left == {LOCK}


def test_the_second_run_does_nothing_and_asks_the_hub_nothing(models: Models) -> None:
    models.upload()
    models.download()
    models.hub.asked.clear()
    models.told.clear()
    models.upload()
    models.download()
    assert models.hub.asked == []
    assert all(line.endswith("nothing to do") for line in models.told)


def test_an_interrupted_upload_keeps_its_commit_when_the_branch_moves(models: Models) -> None:
    models.upload()
    models.s3.delete_object(Bucket=models.bucket, Key=PREFIX + names.UPLOAD_MARKER)
    models.s3.delete_object(Bucket=models.bucket, Key=PREFIX + WEIGHTS)
    assert models.upload().revision == COMMIT
    [listing] = models.hub.requests("/api/models")[1:]
    assert listing[1].endswith(f"/revision/{COMMIT}")


def test_a_new_revision_replaces_the_old_one_whole(models: Models) -> None:
    models.upload()
    models.download()
    models.hub.commit = "c" * 40
    (models.hub.folder / WEIGHTS).write_bytes(os.urandom(5 * 64 * 1024 + 17))  # same size
    (models.hub.folder / "config.json").rename(models.hub.folder / "params.json")
    assert models.upload().revision == COMMIT
    assert models.upload(revision="main").revision == "c" * 40
    models.download()
    assert models.path(WEIGHTS).read_bytes() == (models.hub.folder / WEIGHTS).read_bytes()
    assert "config.json" not in models.files()
    assert "config.json" not in models.objects()


def test_what_the_hub_breaks_off_arrives_all_the_same(models: Models) -> None:
    models.hub.cut[WEIGHTS] = [100_000]
    models.upload()
    assert [each[0] for each in models.hub.requests(WEIGHTS)] == ["HEAD", "GET", "GET"]
    assert models.get(WEIGHTS) == (models.hub.folder / WEIGHTS).read_bytes()


def scratch(models: Models, name: str) -> Path:
    """Where a killed run left a file on its way."""
    path = models.root / "scratch" / REPOSITORY.replace("/", "--") / COMMIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_a_file_that_had_arrived_is_not_asked_for_again(models: Models) -> None:
    scratch(models, WEIGHTS).write_bytes((models.hub.folder / WEIGHTS).read_bytes())
    models.upload()
    assert models.hub.requests(WEIGHTS) == []
    assert models.get(WEIGHTS) == (models.hub.folder / WEIGHTS).read_bytes()


def test_a_file_that_had_arrived_in_part_is_asked_for_whole(models: Models) -> None:
    scratch(models, WEIGHTS).write_bytes(b"x" * 200_000)
    scratch(models, f".cache/huggingface/download/{WEIGHTS}.incomplete").write_bytes(b"x")
    models.upload()
    assert models.get(WEIGHTS) == (models.hub.folder / WEIGHTS).read_bytes()


def test_a_busy_hub_is_asked_again(models: Models) -> None:
    models.hub.broken = 1
    assert models.upload().revision == COMMIT


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_other_bytes_than_announced_never_become_an_object(models: Models, name: str) -> None:
    size = (models.hub.folder / name).stat().st_size
    models.hub.served[name] = b"x" * size
    with pytest.raises(GtcError, match=f"{name} came twice from the hub with other bytes"):
        models.upload()
    assert name not in models.objects()
    assert names.UPLOAD_MARKER not in models.objects()


GATED = f"{REPOSITORY} is gated and "


@pytest.mark.parametrize(
    ("change", "token", "message", "hint"),
    [
        ({"gated": "good"}, "", GATED + "HF_TOKEN is empty", "accept its licence"),
        ({"gated": "good"}, "other", GATED + "the account of HF_TOKEN has no access", "the grant"),
        ({"valid": ("good",)}, "wrong", "refuses HF_TOKEN (401)", "make a new read token"),
        ({"repository": "another/one"}, "", "does not exist", "check the name of the model"),
    ],
)
def test_the_hub_refuses_once_and_the_sentence_says_which_of_four_it_is(
    models: Models, change: dict[str, object], token: str, message: str, hint: str
) -> None:
    for name, value in change.items():
        setattr(models.hub, name, value)
    with pytest.raises(GtcError) as refused:
        models.upload(token=token)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.exit_code == 1
    assert len(models.hub.asked) == 1
    assert models.objects() == set()


def test_a_revision_that_does_not_exist_is_named(models: Models) -> None:
    with pytest.raises(GtcError, match=f"{REPOSITORY} has no revision v9"):
        models.upload(revision="v9")


def test_a_hub_that_is_not_there_is_unreachable(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(time, "sleep", lambda _s: None)
    with pytest.raises(UnreachableError, match="does not answer"):
        models.upload()


def test_a_scratch_too_small_for_the_largest_file_is_refused_before_anything_is_sent(
    models: Models,
) -> None:
    with pytest.raises(GtcError, match=r"need 0\.00 GB, 0\.00 GB free on .*scratch"):
        models.upload(scratch_bytes=1000)
    assert models.objects() == set()


def test_a_scratch_for_one_file_carries_one_at_a_time(models: Models) -> None:
    models.upload(scratch_bytes=400_000)
    assert "1 at a time" in models.told[0]


def test_a_bucket_without_a_complete_copy_is_not_downloaded(models: Models) -> None:
    models.upload()
    models.s3.delete_object(Bucket=models.bucket, Key=PREFIX + names.UPLOAD_MARKER)
    with pytest.raises(GtcError, match="has no complete checkpoint"):
        models.download()
    assert names.DOWNLOAD_MARKER not in models.files()


def test_a_marker_over_another_manifest_counts_as_none(models: Models) -> None:
    models.upload()
    models.put(names.UPLOAD_MARKER, b"0" * 64)
    assert models.store.complete() is None


def flip(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (flip, "has other bytes than its manifest says"),
        (lambda content: content[:-1], "has 327696 bytes where 327697 belong"),
        (lambda content: content + b"x", "has 327698 bytes where 327697 belong"),
    ],
)
def test_an_object_that_went_bad_is_named_and_the_share_gets_no_marker(
    models: Models, broken: object, message: str
) -> None:
    models.upload()
    assert callable(broken)
    models.put(WEIGHTS, broken(models.get(WEIGHTS)))
    with pytest.raises(GtcError) as refused:
        models.download()
    assert refused.value.message == f"s3://{models.bucket}/{PREFIX}{WEIGHTS} {message}"
    assert refused.value.hint == "gtc model sync upload --force sends it to the bucket anew"
    assert names.DOWNLOAD_MARKER not in models.files()


def test_force_sends_a_bad_object_anew(models: Models) -> None:
    models.upload()
    models.put(WEIGHTS, flip(models.get(WEIGHTS)))
    models.upload(force=True)
    assert models.get(WEIGHTS) == (models.hub.folder / WEIGHTS).read_bytes()


def test_what_a_killed_download_left_is_fetched_anew(models: Models) -> None:
    models.upload()
    models.share.store.root.mkdir()
    models.path(f"{WEIGHTS}.part").write_bytes(b"x" * 200_000)
    models.download()
    assert models.path(WEIGHTS).read_bytes() == (models.hub.folder / WEIGHTS).read_bytes()
    assert f"{WEIGHTS}.part" not in models.files()


def cut(models: Models, times: float) -> None:
    """Let the store break off in the middle of the weights, so many times."""
    left = [times]

    def handler(parsed: dict[str, Any], **_: object) -> None:
        if parsed.get("ContentLength", 0) > 200_000 and left[0] > 0:
            left[0] -= 1
            came = parsed["Body"].read()[:100_000]
            parsed["Body"] = StreamingBody(BytesIO(came), parsed["ContentLength"])

    models.store.store._s3.meta.events.register("after-call.s3.GetObject", handler)


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without their length."""
    made: list[float] = []
    monkeypatch.setattr(Crew, "pause", lambda _self, duration_s: made.append(duration_s))
    return made


def test_a_file_whose_stream_breaks_is_begun_again_after_a_pause_and_counts_once(
    models: Models, paused: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = models.upload()
    cut(models, 2)
    counts: list[int] = []
    monkeypatch.setattr(Progress, "moved", lambda _self, _stage, n: counts.append(n))
    models.download()
    assert models.path(WEIGHTS).read_bytes() == (models.hub.folder / WEIGHTS).read_bytes()
    assert paused == [PAUSES_S[0]]
    assert sum(counts) == manifest.total_bytes


def test_a_store_that_always_breaks_off_is_unreachable_at_last(
    models: Models, paused: list[float]
) -> None:
    models.upload()
    cut(models, float("inf"))
    with pytest.raises(UnreachableError, match="does not answer to read"):
        models.download()
    assert paused == sorted(PAUSES_S)
    assert names.DOWNLOAD_MARKER not in models.files()


def test_a_file_of_the_right_size_and_wrong_bytes_on_the_share_is_replaced(models: Models) -> None:
    models.upload()
    models.download()
    path = models.path(WEIGHTS)
    path.write_bytes(flip(path.read_bytes()))
    models.download(force=True)
    assert path.read_bytes() == (models.hub.folder / WEIGHTS).read_bytes()


def test_a_file_that_nobody_synced_is_left_alone(models: Models) -> None:
    models.upload()
    models.share.store.root.mkdir()
    models.path("notes.txt").write_text("mine")
    models.download()
    assert models.path("notes.txt").read_text() == "mine"


def test_a_full_share_is_refused_with_both_numbers(models: Models, tmp_path: Path) -> None:
    small = tmp_path / "share"
    small.mkdir()
    if os.geteuid() or os.system(f"mount -t tmpfs -o size=256k none {small} 2>/dev/null"):
        pytest.skip("needs the right to mount")
    try:
        models.upload()
        with pytest.raises(GtcError, match=r"need 0\.00 GB, 0\.00 GB free on .*share"):
            models.download()
        assert names.DOWNLOAD_MARKER not in models.files()
    finally:
        os.system(f"umount {small}")


def damage(models: Models, how: str) -> None:
    path = models.path(WEIGHTS)
    if how == "missing":
        path.unlink()
    elif how == "shorter":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.write_bytes(flip(path.read_bytes()))


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("missing", "missing"),
        ("shorter", "327696 bytes where 327697 belong"),
        ("flipped", "bytes differ from its sha256"),
    ],
)
def test_verify_names_the_damaged_file(models: Models, how: str, line: str) -> None:
    models.upload()
    manifest = models.download()
    damage(models, how)
    crew = Crew(2, lambda _stage, _n: None)
    assert models.share.verify(manifest, crew, "") == [f"{WEIGHTS}: {line}"]
    assert models.store.verify(manifest, crew, "") == []


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do all of it at the same time; gives what each returned or raised."""
    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(act) for act in acts]
        return [future.exception() or future.result() for future in futures]


def test_two_uploads_of_one_checkpoint_at_once_both_end_well(models: Models) -> None:
    elsewhere = models.root / "other"
    ended = at_once(models.upload, lambda: models.upload(scratch=elsewhere), models.upload)
    assert [getattr(each, "revision", each) for each in ended] == [COMMIT] * 3
    manifest = models.store.whole()
    assert manifest is not None
    assert models.store.verify(manifest, Crew(2, lambda _stage, _n: None), "") == []


def test_two_downloads_into_one_folder_at_once_both_end_well(models: Models) -> None:
    manifest = models.upload()
    assert at_once(models.download, models.download) == [manifest] * 2
    assert models.share.whole() == manifest
    assert models.share.verify(manifest, Crew(2, lambda _stage, _n: None), "") == []


@pytest.mark.parametrize("error", [GtcError, KeyboardInterrupt])
def test_an_upload_gives_up_when_another_one_brings_another_checkpoint(
    models: Models, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """The other one begins, and Ctrl-C may come, when we have one file in the bucket."""
    other = models.upload().model_copy(update={"revision": "d" * 40})
    send = BucketStore.send

    def sent_and_taken_over(self: BucketStore, *arguments: Any) -> None:
        send(self, *arguments)
        models.put(MANIFEST, other.to_json())
        models.put(names.UPLOAD_MARKER, other.marker)
        if error is KeyboardInterrupt:
            raise error

    monkeypatch.setattr(BucketStore, "send", sent_and_taken_over)
    with pytest.raises(error, match=r"^$|another transfer took over"):
        models.upload(force=True)
    assert names.UPLOAD_MARKER not in models.objects()


def test_parts_of_a_killed_upload_are_forgotten_by_the_next_one(models: Models) -> None:
    at = {"Bucket": models.bucket, "Key": PREFIX + WEIGHTS}
    begun = models.s3.create_multipart_upload(**at)
    models.s3.upload_part(**at, UploadId=begun["UploadId"], PartNumber=1, Body=b"x")
    models.upload()
    assert not models.s3.list_multipart_uploads(Bucket=models.bucket).get("Uploads")
