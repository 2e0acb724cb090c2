"""Documents and generated files say what the code says."""

import re

import pytest

from tests.architecture.repository import ROOT, files, name_of
from tools import generate
from tools.reference.gaps import gaps

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
DOCUMENTS = [path for path in files() if path.suffix == ".md"]
GENERATED = generate.files()
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


every_page = pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)


@every_page
def test_commands_in_documents_exist(page):
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)\b", in_code(page.read_text(encoding="utf-8"))))

    assert named <= TARGETS


@every_page
def test_links_in_documents_lead_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert broken == []


def test_every_public_target_is_described_in_make_help():
    described = set(re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.M))

    assert described == TARGETS


@pytest.mark.parametrize("path", GENERATED, ids=name_of)
def test_generated_files_are_current(path):
    written = path.read_text(encoding="utf-8") if path.is_file() else None

    assert written == GENERATED[path](), "run make docs"


def test_no_generated_page_is_left_of_what_is_gone():
    assert generate.left_over() == [], "run make docs"


def test_everything_public_of_the_constructs_is_described_with_unit_default_and_error():
    assert gaps() == []


def in_code(text: str) -> str:
    """What stands between backticks or in fenced blocks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
