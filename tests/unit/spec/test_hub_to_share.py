"""The program that brings a model, run as its pod runs it, against a hub on loopback."""

import ast
import fcntl
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gtc_runtime.models.manifest import MANIFEST, Manifest, marked
from gtc_spec import names
from gtc_spec.hub_to_share import download
from gtc_spec.hub_to_share.share import LOCK
from gtc_spec.manifests.model_download import PROGRAM, program
from tests.unit.models.fake_hub import COMMIT, REPOSITORY, FakeHub, serving

WEIGHTS = "model-00001-of-00002.safetensors"
SERVED = {WEIGHTS, "config.json", "extra/tokenizer.json", "empty.txt"}
REFUSED, UNREACHABLE = 1, 3
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    folder = tmp_path / "hub"
    (folder / "extra").mkdir(parents=True)
    (folder / "original").mkdir()
    (folder / WEIGHTS).write_bytes(random.Random(1).randbytes(300_001))
    (folder / "config.json").write_text('{"architectures": ["Qwen2"]}')
    (folder / "extra/tokenizer.json").write_text("{}")
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".gitattributes").write_text("*.safetensors filter=lfs")
    (folder / "original/consolidated.00.pth").write_bytes(b"the same again" * 1000)
    with serving(FakeHub(folder)) as hub:
        yield hub


@dataclass
class Pod:
    """What the pod of the job has: the program on a mount, the share, nothing installed."""

    root: Path
    hub: FakeHub

    @property
    def share(self) -> Path:
        return self.root / "models" / REPOSITORY

    def command(self, revision: str, flags: tuple[str, ...]) -> list[str]:
        mounted = self.root / "program" / PROGRAM.replace(".", "/")
        mounted.mkdir(parents=True, exist_ok=True)
        for name, text in program().items():
            (mounted / name).write_text(text)
        # -S: without any package that is installed here
        return [
            *(sys.executable, "-S", "-B", "-m", PROGRAM),
            *("--repository", REPOSITORY, "--revision", revision),
            *("--directory", str(self.share), "--marker", names.DOWNLOAD_MARKER),
            *("--endpoint", self.hub.url, "--pause-s", "0", *flags),
        ]

    def environment(self, token: str) -> dict[str, str]:
        return {"PYTHONPATH": str(self.root / "program"), "HF_TOKEN": token}

    def run(self, *flags: str, revision: str = "main", token: str = "", limit: int = 0) -> Ran:
        return subprocess.run(
            self.command(revision, flags),
            env=self.environment(token),
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
            preexec_fn=lambda: limit and resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command("main", ()), env=self.environment(""), stdout=subprocess.PIPE, text=True
        )

    def manifest(self) -> Manifest | None:
        """What the marker vouches for, as `gtc` reads it."""
        text, marker = self.read(MANIFEST), self.read(names.DOWNLOAD_MARKER)
        return marked(text, marker, str(self.share))

    def read(self, name: str) -> bytes | None:
        path = self.share / name
        return path.read_bytes() if path.exists() else None

    def files(self) -> set[str]:
        found = {str(each.relative_to(self.share)) for each in self.share.rglob("*")}
        return {name for name in found if (self.share / name).is_file()} - {LOCK}


@pytest.fixture
def pod(tmp_path: Path, hub: FakeHub) -> Pod:
    return Pod(tmp_path, hub)


def test_every_file_arrives_as_the_hub_has_it_and_the_marker_vouches_for_it(pod: Pod) -> None:
    ran = pod.run()
    manifest = pod.manifest()

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert pod.files() == {*SERVED, MANIFEST, names.DOWNLOAD_MARKER}
    assert all(pod.read(name) == (pod.hub.folder / name).read_bytes() for name in SERVED)
    assert manifest is not None
    assert (manifest.repository, manifest.revision) == (REPOSITORY, COMMIT)
    assert manifest.names == SERVED
    assert ran.stdout.splitlines()[0].endswith("4 files, 0.00 GB")
    assert ran.stdout.splitlines()[-1].endswith(f"is complete at {COMMIT[:12]}")


def test_a_commit_that_is_there_asks_nobody(pod: Pod) -> None:
    pod.run()
    pod.hub.asked.clear()
    ran = pod.run(revision=COMMIT)

    assert ran.stdout.endswith("nothing to do\n")
    assert pod.hub.asked == []


def test_a_branch_is_looked_up_and_its_files_are_not_brought_again(pod: Pod) -> None:
    pod.run()
    pod.hub.asked.clear()

    assert pod.run().returncode == 0
    assert pod.hub.requests("/resolve/") == []
    assert len(pod.hub.requests("/api/")) == 1


def test_a_connection_that_breaks_is_gone_on_with_where_it_broke(pod: Pod) -> None:
    pod.hub.cut[WEIGHTS] = [50_000, 60_000]
    ran = pod.run()
    ranges = [asked for _, path, asked in pod.hub.asked if path.endswith(WEIGHTS)]

    assert ran.returncode == 0, ran.stdout
    assert ranges == ["", "bytes=50000-", "bytes=110000-"]
    assert pod.read(WEIGHTS) == (pod.hub.folder / WEIGHTS).read_bytes()


def test_what_a_failed_run_brought_is_kept_for_the_next_one(pod: Pod) -> None:
    pod.hub.cut[WEIGHTS] = [70_000]
    failed = pod.run("--tries", "1")
    left = pod.manifest()
    pod.hub.asked.clear()
    ran = pod.run()

    assert failed.returncode == UNREACHABLE
    assert f"error: {WEIGHTS} broke off" in failed.stdout
    assert left is None
    assert ran.returncode == 0
    assert [asked for *_, path, asked in pod.hub.asked if path.endswith(WEIGHTS)] == [
        "bytes=70000-"
    ]
    assert pod.files() == {*SERVED, MANIFEST, names.DOWNLOAD_MARKER}


def test_bytes_that_differ_never_get_the_name_of_the_file(pod: Pod) -> None:
    pod.hub.served[WEIGHTS] = bytes(300_001)
    ran = pod.run()

    assert ran.returncode == REFUSED
    assert f"error: {WEIGHTS} has other bytes than the hub lists, twice" in ran.stdout
    assert len(pod.hub.requests(WEIGHTS)) == 2
    assert not {WEIGHTS, names.DOWNLOAD_MARKER} & pod.files()


def test_a_file_that_ends_before_its_listed_size_is_given_up(pod: Pod) -> None:
    pod.hub.served[WEIGHTS] = bytes(1_000)
    ran = pod.run("--tries", "3")

    assert ran.returncode == UNREACHABLE
    assert f"error: {WEIGHTS} broke off" in ran.stdout
    assert pod.manifest() is None


def test_a_damaged_file_of_an_earlier_run_is_brought_again(pod: Pod) -> None:
    pod.run()
    (pod.share / WEIGHTS).write_bytes(bytes(300_001))
    (pod.share / names.DOWNLOAD_MARKER).unlink()

    assert pod.run().returncode == 0
    assert pod.read(WEIGHTS) == (pod.hub.folder / WEIGHTS).read_bytes()


def test_another_revision_takes_the_place_of_the_old_one(pod: Pod) -> None:
    pod.run()
    (pod.hub.folder / "config.json").unlink()
    (pod.hub.folder / "extra/tokenizer.json").write_text('{"new": true}')
    pod.hub.commit = "f" * 40
    manifest = pod.manifest() if pod.run().returncode == 0 else None

    assert manifest is not None
    assert manifest.revision == "f" * 40
    assert "config.json" not in pod.files()
    assert pod.read("extra/tokenizer.json") == b'{"new": true}'


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", f"{REPOSITORY} is gated: accept its licence at "),
        ("stranger", f"{REPOSITORY} is gated and the token's account has no access: ask for it at"),
    ],
)
def test_a_gated_model_ends_at_once_and_names_the_page(pod: Pod, token: str, says: str) -> None:
    pod.hub.gated = "owner"
    ran = pod.run(token=token)

    assert ran.returncode == REFUSED
    assert says in ran.stdout
    assert f"{pod.hub.url}/{REPOSITORY}" in ran.stdout
    assert len(pod.hub.asked) == 1


def test_a_gated_model_comes_with_the_token_of_whoever_may_read_it(pod: Pod) -> None:
    pod.hub.gated = "owner"
    ran = pod.run(token="owner")

    assert ran.returncode == 0
    assert "owner" not in ran.stdout + ran.stderr


def test_a_token_that_is_none_is_refused_at_once(pod: Pod) -> None:
    pod.hub.valid = ("owner",)
    ran = pod.run(token="typo")

    assert ran.returncode == REFUSED
    assert f"error: {pod.hub.url} refuses the token (401): make a new one at" in ran.stdout
    assert "typo" not in ran.stdout


def test_a_revision_that_is_none_is_refused_at_once(pod: Pod) -> None:
    ran = pod.run(revision="v9")

    assert ran.returncode == REFUSED
    assert f"has no such revision: see {pod.hub.url}/{REPOSITORY}/commits/main" in ran.stdout


def test_a_repository_that_is_none_is_refused_at_once(pod: Pod) -> None:
    pod.hub.repository = "somebody/else"
    ran = pod.run()

    assert ran.returncode == REFUSED
    assert f"{REPOSITORY} does not exist, or no token may not see it" in ran.stdout


def test_a_busy_hub_is_asked_again(pod: Pod) -> None:
    pod.hub.broken = 3
    ran = pod.run()

    assert ran.returncode == 0
    assert ran.stdout.count("answered 503; again in") == 3


def test_a_silent_hub_is_given_up(pod: Pod) -> None:
    pod.hub.silent_s = 2.0
    ran = pod.run("--silence-s", "0.1", "--tries", "2")

    assert ran.returncode == UNREACHABLE
    assert f"error: {pod.hub.url} does not answer: timed out" in ran.stdout


def test_a_hub_that_is_away_is_given_up(pod: Pod) -> None:
    ran = pod.run("--tries", "2", "--endpoint", "http://127.0.0.1:9")

    assert ran.returncode == UNREACHABLE
    assert "error: http://127.0.0.1:9 does not answer: " in ran.stdout


def test_the_token_goes_to_the_hub_and_not_to_the_store_behind_it(pod: Pod) -> None:
    with serving(FakeHub(pod.hub.folder, valid=("no token at all",))) as store:
        pod.hub.valid = ("owner",)
        pod.hub.store = store.url
        ran = pod.run(token="owner")

    assert ran.returncode == 0, ran.stdout
    assert len(store.requests(WEIGHTS)) == 1


def test_a_share_that_is_too_small_is_told_before_the_first_byte(pod: Pod) -> None:
    pod.hub.sizes[WEIGHTS] = 10**18
    ran = pod.run()

    assert ran.returncode == REFUSED
    assert "error: need 1000000000.00 GB, " in ran.stdout
    assert pod.hub.requests("/resolve/") == []


def test_a_share_that_takes_no_more_bytes_ends_the_job(pod: Pod) -> None:
    ran = pod.run(limit=100_000)

    assert ran.returncode == REFUSED
    assert ran.stdout.splitlines()[-1].endswith(": file too large")
    assert pod.manifest() is None


def list_as(pod: Pod, name: str) -> None:
    """Let the hub call its first file something else."""
    listed = pod.hub.listing()
    listed["siblings"][0]["rfilename"] = name
    pod.hub.listing = lambda: listed  # type: ignore[method-assign]


@pytest.mark.parametrize("name", ["/config.json", "extra/a:b", "extra//b", "new\nline"])
def test_a_file_whose_name_is_no_plain_path_is_refused(pod: Pod, name: str) -> None:
    list_as(pod, name)
    ran = pod.run()

    assert ran.returncode == REFUSED
    assert "which is no plain relative path" in ran.stdout


def test_no_file_is_brought_to_outside_the_folder(pod: Pod) -> None:
    list_as(pod, "../config.json")

    assert pod.run().returncode == 0
    assert {each.name for each in pod.share.parent.iterdir()} == {pod.share.name}


def test_other_users_may_read_what_arrived(pod: Pod) -> None:
    before = os.umask(0o077)
    try:
        pod.run()
    finally:
        os.umask(before)

    assert all((pod.share / name).stat().st_mode & 0o044 == 0o044 for name in pod.files())
    assert (pod.share / "extra").stat().st_mode & 0o055 == 0o055


def test_the_end_of_its_pod_ends_it_at_once(pod: Pod) -> None:
    pod.hub.silent_s = 20.0
    with pod.start() as process:
        while not pod.hub.requests("/resolve/"):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 128 + signal.SIGTERM


def test_the_end_comes_to_a_thread_that_waits_for_nothing_else(pod: Pod) -> None:
    pod.hub.silent_s = 20.0
    with pod.start() as process:
        try:
            while not pod.hub.requests("/resolve/"):
                time.sleep(0.01)
            give_up = time.monotonic() + 10
            while len(taking := _threads_that_take_its_end(process.pid)) != 1:
                assert time.monotonic() < give_up, taking
                time.sleep(0.01)
        finally:
            process.kill()

    assert process.pid not in taking


def _threads_that_take_its_end(pid: int) -> set[int]:
    """Threads of a process that do not hold SIGTERM back."""
    found, bit = set(), 1 << (signal.SIGTERM - 1)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        blocked = (thread / "status").read_text().split("SigBlk:")[1].split()[0]
        if not int(blocked, 16) & bit:
            found.add(int(thread.name))
    return found


def test_a_second_transfer_waits_for_the_first(pod: Pod) -> None:
    pod.share.mkdir(parents=True)
    with (pod.share / LOCK).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = pod.start()
        assert process.stdout is not None
        said = process.stdout.readline()
        asked = list(pod.hub.asked)
    with process:
        assert process.wait(10) == 0

    assert said.startswith("waiting for another transfer")
    assert asked == []


def test_one_line_of_progress_says_how_much_how_fast_and_how_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(download.time, "monotonic", lambda: now[0])
    progress = download.Progress(10_000_000_000)
    progress.found(2_000_000_000)
    for now[0] in (1.0, 5.0, 10.0, 11.0):
        progress.came(500_000_000)

    assert capsys.readouterr().out == "3.50 GB of 10.00 GB, 150 MB/s, 43 s left\n"


def test_the_program_needs_nothing_that_a_bare_python_has_not() -> None:
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for text in program().values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    ours = {name for name in imported if name.startswith(f"{PROGRAM}.")}
    assert {name.partition(".")[0] for name in imported - ours} <= sys.stdlib_module_names
