"""The process that plays the twin, when who asked for it is gone."""

import json
import os
import subprocess
import sys

import pytest

from gtc_runtime.recording.format import facts
from gtc_spec.environment import load

ASKED = json.dumps(facts(load("dev").scaled(0.02))).encode() + b"\n"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def said(asked: bytes, **streams: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gtc_runtime.twin.child", "1", "1"],
        input=asked, env=ENVIRONMENT, stderr=subprocess.PIPE, timeout=50, check=False, **streams,
    )  # fmt: skip


@pytest.mark.parametrize("asked", [b"", ASKED[:-1], ASKED[:1000]], ids=["nothing", "cut", "half"])
def test_it_ends_without_a_word_when_who_asked_was_gone_before_all_was_said(asked: bytes) -> None:
    found = said(asked, stdout=subprocess.PIPE)

    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def test_it_ends_without_a_word_when_nobody_listens_any_more() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        found = said(ASKED, stdout=write)
    finally:
        os.close(write)

    assert (found.returncode, found.stderr) == (0, b"")
