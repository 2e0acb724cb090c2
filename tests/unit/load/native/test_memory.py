"""The native core under AddressSanitizer and UndefinedBehaviorSanitizer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gtc_runtime.load.native import build

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[4]
SANITIZERS = ("-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined")
FUZZ_S, SEED = 20, 20261129
CONTRACTS = ("test_transports.py", "test_kernel_transport.py", "test_plain_frames.py")


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """Runs `sanitized.py` with words; returns what it printed."""
    try:
        library = build.build(tmp_path_factory.mktemp("core") / "_core.so", SANITIZERS)
    except build.NotBuiltError as error:
        pytest.skip(f"no core with sanitizers: {error}")
    runtime = subprocess.run(
        [shutil.which("cc"), "-print-file-name=libasan.so"], capture_output=True, text=True
    ).stdout.strip()

    def run(*words):
        environment = {
            **os.environ,
            "LD_PRELOAD": runtime,
            "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:exitcode=99",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=98",
            "PYTHONMALLOC": "malloc",  # so that each object has its own piece of memory
            "GTC_LOAD_CORE": "native",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.unit.load.native.sanitized", str(library), *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    return run


def test_damaged_streams_break_no_bounds_and_are_counted_rightly(sanitized):
    assert int(sanitized("fuzz", str(FUZZ_S), str(SEED))) > 1000


def test_the_contracts_hold_under_sanitizers(sanitized):
    folder = "tests/unit/load"
    said = sanitized(
        *("-q", "-p", "no:cacheprovider", "-m", "not slow", "-k", "native"),
        *(f"{folder}/{name}" for name in (*CONTRACTS, "native")),
    )
    assert said.count(".") > 50


def test_the_sanitizers_would_speak(tmp_path):
    """A read behind an array ends a program that is built like the core."""
    source = tmp_path / "wrong.c"
    source.write_text("int main(int n, char **v) { char a[4]; (void)v; return a[n + 3]; }")
    program = tmp_path / "wrong"
    built = subprocess.run(["cc", *SANITIZERS, str(source), "-o", str(program)], check=False)
    if built.returncode:
        pytest.skip("no sanitizers here")
    assert subprocess.run([str(program)], capture_output=True).returncode != 0
