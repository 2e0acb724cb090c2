"""A wheel holds the native core where a compiler is, and is whole where there is none."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
CORE = "gtc_runtime/load/native/_core.abi3.so"

pytestmark = pytest.mark.timeout(120)


def wheel(folder, **environment):
    """The wheel that is built, and what the build said."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path, done.stdout + done.stderr


def test_with_a_compiler_it_is_of_this_platform_and_the_core_works(native_core, tmp_path):
    path, _ = wheel(tmp_path)

    assert "-cp311-abi3-linux_" in path.name
    with zipfile.ZipFile(path) as archive:
        assert CORE in archive.namelist()
        archive.extractall(tmp_path / "site")
    words = "from gtc_runtime.load import native; print(native.core().__file__)"
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=tmp_path / "site",
        env={**os.environ, "GTC_LOAD_CORE": "native"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == tmp_path / "site" / CORE


def test_without_a_compiler_it_is_of_any_platform_and_says_what_is_missing(tmp_path):
    path, said = wheel(tmp_path, PATH=str(tmp_path))

    assert path.name.endswith("-py3-none-any.whl")
    assert "without the native core of the load engine: no C compiler" in said
    with zipfile.ZipFile(path) as archive:
        assert CORE not in archive.namelist()
