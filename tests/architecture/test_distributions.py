"""Both distributions say the same, and say it truly: version, licence, dependencies, page."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from gtc_spec import versions
from tests.architecture.repository import ROOT

FOLDERS = {"gtc-demo": ROOT, "gtc-constructs": ROOT / "constructs"}
PROJECTS = {
    name: tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    for name, folder in FOLDERS.items()
}
each = pytest.mark.parametrize("name", FOLDERS)
SAME = ("license", "license-files", "authors", "dynamic")
PYTHON = re.compile(r"Programming Language :: Python :: (3\.\d+)")


def without_files(page: str) -> str:
    spec = importlib.util.spec_from_file_location(
        "index_readme", ROOT / "constructs" / "index_readme.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.without_files(page)


@each
def test_a_distribution_is_called_what_its_folder_says(name):
    assert PROJECTS[name]["project"]["name"] == name


def test_licence_and_authors_are_said_alike():
    demo, constructs = (PROJECTS[name]["project"] for name in FOLDERS)

    assert {key: demo[key] for key in SAME} == {key: constructs[key] for key in SAME}


@each
def test_the_version_comes_from_one_line(name):
    home = PROJECTS[name]["tool"]["hatch"]["version"]
    text = (FOLDERS[name] / home["path"]).read_text(encoding="utf-8")

    assert re.findall(home["pattern"], text, re.MULTILINE) == [versions.GTC]


def test_the_changelog_begins_with_the_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## \[(.+?)\] - (\d{4}-\d\d-\d\d|not released yet)$", text, re.MULTILINE)

    assert first
    assert first[1] == versions.GTC


def test_the_constructs_need_what_the_demo_needs_for_its_infrastructure():
    demo = PROJECTS["gtc-demo"]["project"]
    wanted = [*demo["dependencies"], *demo["optional-dependencies"]["infra"]]

    assert sorted(PROJECTS["gtc-constructs"]["project"]["dependencies"]) == sorted(wanted)


@each
def test_every_python_that_is_named_is_allowed_and_the_other_way_round(name):
    project = PROJECTS[name]["project"]
    named = PYTHON.findall("\n".join(project["classifiers"]))
    most = re.search(r"<3\.(\d+)", project["requires-python"])

    assert named[0] == "3.11"
    assert project["requires-python"].startswith(">=3.11")
    assert most is None or named[-1] == f"3.{int(most[1]) - 1}"


@each
def test_the_page_on_an_index_links_to_no_file_of_the_repository(name):
    page = without_files((FOLDERS[name] / "README.md").read_text(encoding="utf-8"))

    assert len(page) > 2_000
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", page) == []


def test_a_link_that_an_index_cannot_follow_becomes_its_words_and_the_path():
    page = without_files(
        "![How it looks](docs/a.png)\n\nSee [the boards](../dashboards/x), [ADR](docs/adr.md#2), "
        "[`b.py`](examples/b.py), [cdktf](https://a.example/b) and [below](#below)."
    )

    assert page == (
        "See the boards (`dashboards/x`), ADR (`docs/adr.md`), `b.py`, "
        "[cdktf](https://a.example/b) and [below](#below)."
    )


def test_the_notice_names_every_project_whose_schemas_are_shipped():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    schemas = sorted(Path(ROOT, "rehearsal/gtc_rehearsal/kube_api/crds").glob("*.json"))
    origins = [json.loads(path.read_text(encoding="utf-8"))["provenance"] for path in schemas]

    assert {path.name for path in schemas if path.name not in notice} == set()
    assert {each["origin"] for each in origins if each["origin"].split()[0] not in notice} == set()
    assert {each["license"] for each in origins} == {"Apache-2.0"}


@pytest.mark.parametrize("file", ["LICENSE", "NOTICE"])
def test_both_distributions_hold_the_same_licence_and_notice(file):
    texts = {(folder / file).read_text(encoding="utf-8") for folder in FOLDERS.values()}

    assert len(texts) == 1
