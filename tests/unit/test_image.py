"""What the image installs, built from what its Dockerfile copies and no Docker: no rehearsal."""

import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, files, name_of

pytestmark = pytest.mark.timeout(120)
OF_THE_REHEARSAL = ("dynamo", "jsonpatch", "jsonschema", "numpy", "promql_parser")
LACKING = f"import sys; sys.modules.update(dict.fromkeys({OF_THE_REHEARSAL!r})); "
"""Python that begins like this finds no library that only the rehearsal needs."""


def copied() -> list[str]:
    """What the build stage copies out of the checkout."""
    text = (ROOT / "Dockerfile").read_text()
    found = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    return [source for sources in found for source in sources.split()]


def rules() -> tuple[list[str], list[str]]:
    """What .dockerignore lets through, and what it keeps out of that."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line]
    lines = [line for line in lines if not line.startswith("#")]
    assert lines[0] == "*"
    through = [line.removeprefix("!") for line in lines if line.startswith("!")]
    return through, [line for line in lines[1:] if not line.startswith("!")]


def sent() -> list[Path]:
    """The files that the build stage has: let through and copied."""
    through, kept_out = rules()

    def lies_in(path: Path, folders: list[str]) -> bool:
        return any(path.is_relative_to(ROOT / folder) for folder in folders)

    return [
        path
        for path in files()
        if lies_in(path, through)
        and lies_in(path, copied())
        and not any(fnmatch(f"/{name_of(path)}", pattern) for pattern in kept_out)
    ]


def built(folder: Path, sources: list[Path]) -> Path:
    """A wheel of these sources, without the native core."""
    for path in sources:
        (folder / "src" / name_of(path)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / "src" / name_of(path))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)],
        cwd=folder / "src", env={"PATH": str(folder)}, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("image"), sent())


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """The folder that the wheel is installed in."""
    folder = wheel.parent / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps",
         "--disable-pip-version-check", "--target", folder, wheel],
        check=True,
    )  # fmt: skip
    return folder


def python(site: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with what is installed there, not with the checkout."""
    libraries = sysconfig.get_path("purelib")
    return subprocess.run(
        [sys.executable, "-S", "-c", LACKING + program],
        cwd=site.parent, env={"PYTHONPATH": f"{site}:{libraries}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_whatever_is_copied_is_let_through_and_nothing_more() -> None:
    assert sorted(copied()) == sorted(rules()[0])


def test_the_image_contains_no_rehearsal(wheel: Path) -> None:
    inside = names(wheel)

    assert {"gtc_runtime/settings.py", "gtc_cli/rehearse.py", "gtc_panel/server.py"} <= inside
    assert {name for name in inside if "gtc_rehearsal" in name or "crds/" in name} == set()


def test_every_package_that_is_installed_is_named_after_us_and_typed(wheel: Path) -> None:
    inside = names(wheel)
    packages = {name.partition("/")[0] for name in inside if ".dist-info/" not in name}

    assert {each for each in packages if not each.startswith("gtc_")} == set()
    assert {f"{each}/py.typed" for each in packages} <= inside


def test_the_command_line_in_the_image_starts(site: Path) -> None:
    done = python(site, "from gtc_cli.main import main; sys.exit(main(['--help']))")

    assert (done.returncode, done.stderr) == (0, "")
    assert "rehearse" in done.stdout
    assert "serve" in done.stdout


def test_to_rehearse_in_the_image_says_in_one_line_what_to_do_instead(site: Path) -> None:
    done = python(site, "from gtc_cli.main import main; sys.exit(main(['rehearse']))")

    assert done.returncode == 1
    assert done.stderr == (
        "error: this installation has no rehearsal: gtc_rehearsal is not installed\n"
        "hint: make demo in a checkout, or there pip install '.[runtime,ui,rehearsal]'\n"
    )


def test_the_runtime_and_the_panel_need_nothing_of_the_rehearsal(site: Path) -> None:
    done = python(
        site,
        "import gtc_runtime, gtc_panel, pkgutil, importlib\n"
        "for package in (gtc_runtime, gtc_panel):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "print(gtc_runtime.__path__[0])",
    )

    assert (done.returncode, done.stdout.strip()) == (0, str(site / "gtc_runtime")), done.stderr


def test_an_installation_from_a_checkout_brings_the_rehearsal(tmp_path: Path) -> None:
    everything = [path for path in files() if path.relative_to(ROOT).parts[0] != "tests"]

    inside = names(built(tmp_path, everything))

    assert {"gtc_rehearsal/supervisor.py", "gtc_rehearsal/kube_api/crds/dgd.json"} <= inside
