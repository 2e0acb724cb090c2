"""What gtc-constructs installs: two packages with their data, the licence, a page of its own."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, name_of, product_code


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)],
        cwd=ROOT / "constructs", check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_it_holds_every_module_of_both_packages_and_no_other_package(wheel) -> None:
    roots = ("constructs/gtc_constructs/", "constructs/gtc_spec/")
    ours = {
        name.removeprefix("constructs/")
        for path in product_code()
        if (name := name_of(path)).startswith(roots)
    }
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert ours <= inside
    assert {name.partition("/")[0] for name in inside} == {"gtc_constructs", "gtc_spec"}
    assert {"gtc_constructs/py.typed", "gtc_spec/py.typed"} <= inside


def test_it_holds_the_data_that_its_modules_read(wheel) -> None:
    data = [
        path.relative_to(ROOT / "constructs").as_posix()
        for folder in ("gtc_constructs/charts", "gtc_spec/profiles", "gtc_spec/environments")
        for path in Path(ROOT, "constructs", folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]

    assert data
    assert set(data) <= set(wheel.namelist())


def test_it_brings_licence_and_notice(wheel, metadata) -> None:
    shipped = {name.rpartition("/")[2] for name in wheel.namelist() if "/licenses/" in name}

    assert metadata["License-Expression"] == "Apache-2.0"
    assert shipped == {"LICENSE", "NOTICE"} == set(metadata.get_all("License-File"))


def test_its_page_is_the_readme_of_the_constructs(metadata) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().startswith("# gtc_constructs")
