"""Our transfer beside s5cmd's for the same tree, against the same store, one after the other."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.models.place import Place
from tests.s3_server import KEY_ID, SECRET
from tests.unit.models.fake_hub import REPOSITORY


@dataclass(frozen=True)
class Speed:
    """Seconds for the whole tree, start of the process included, and the most memory it held."""

    upload_s: float
    s5cmd_upload_s: float
    download_s: float
    s5cmd_download_s: float
    upload_rss_mb: float
    download_rss_mb: float

    @property
    def ratios(self) -> tuple[float, float]:
        """Our speed over s5cmd's, up and down; ours also hashes every byte."""
        return self.s5cmd_upload_s / self.upload_s, self.s5cmd_download_s / self.download_s


def race(place: Place) -> Speed:
    """Send and fetch the tree by both; what the hub would send is in scratch already."""
    place.clear()
    scratch = place.root / "scratch" / REPOSITORY.replace("/", "--") / place.hub.commit
    shutil.copytree(place.hub.folder, scratch)
    upload_s, upload_rss = _run(place.child("upload"))
    other = place.root / "other"
    theirs_up_s, _ = _run(_s5cmd(place, f"{place.hub.folder}/*", f"s3://{place.bucket}/other/"))
    download_s, download_rss = _run(place.child("download"))
    theirs_down_s, _ = _run(_s5cmd(place, f"s3://{place.bucket}/other/*", f"{other}/"))
    shutil.rmtree(other, ignore_errors=True)
    return Speed(upload_s, theirs_up_s, download_s, theirs_down_s, upload_rss, download_rss)


def _s5cmd(place: Place, source: str, target: str) -> "subprocess.Popen[str]":
    binary = Path(sys.executable).with_name("s5cmd")
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    return subprocess.Popen(
        [str(binary), "--endpoint-url", place.s3_url, "--log", "error", "cp", source, target],
        env={**os.environ, **keys},
        stdout=subprocess.DEVNULL,
        text=True,
    )


def _run(process: "subprocess.Popen[str]") -> tuple[float, float]:
    """Seconds and megabytes of a process that must end well."""
    began = time.monotonic()
    with process:
        if process.stdout is not None:
            process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.args
    return time.monotonic() - began, usage.ru_maxrss / 1024
