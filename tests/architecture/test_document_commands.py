"""Every command in the documents is one that exists, with options that exist."""

import re
import shlex
import subprocess

import click
import pytest

from gtc_cli.main import gtc
from tests.architecture.repository import ROOT, name_of
from tests.architecture.test_documents import DOCUMENTS, in_code

GTC = re.compile(r"(?<![\w./-])(?:\.venv/bin/)?gtc ([a-z][^`\n|;&#…]*)")
KUBECTL = re.compile(r"`[^`]*\bkubectl [^\s`]+ [^`]+`")
CLOUD = "cloud account"
"""What a page says of commands that only a deployed cluster can answer."""
REFERENCE = ROOT / "docs" / "constructs"
"""Pages about clusters of the reader's own."""


def verbs(text: str) -> list[str]:
    """Whole command lines of `gtc` in code; pictures and lists of alternatives are none."""
    text = re.sub(r"```mermaid.*?```", "", text, flags=re.DOTALL).replace("\\\n", " ")
    return [found.strip() for found in GTC.findall(in_code(text)) if "<" not in found]


def parse(line: str) -> None:
    """Let click read a line without running it."""
    words, command = shlex.split(line), gtc
    context = click.Context(gtc, info_name="gtc")
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words.pop(0))
        assert found is not None, f"no such verb: gtc {line}"
        command, context = found, click.Context(found, parent=context)
    if words:
        command.make_parser(context).parse_args(words)


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_the_command_line_understands_every_gtc_command_in_the_documents(page):
    for line in verbs(page.read_text(encoding="utf-8")):
        parse(line)


def planned_targets() -> list[str]:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)


def test_the_list_of_the_plans_commands_is_whole():
    assert len(planned_targets()) == len(set(planned_targets())) == 35


@pytest.mark.parametrize("target", planned_targets())
def test_make_knows_what_to_do_for_every_command_of_the_plan(target):
    told = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip()


@pytest.mark.parametrize(
    "page", [page for page in DOCUMENTS if REFERENCE not in page.parents], ids=name_of
)
def test_kubectl_in_the_documents_says_against_which_cluster(page):
    """A rehearsal has its own kubeconfig; anything else needs an account, and the page says so."""
    text = page.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if KUBECTL.search(line)]
    bare = [line for line in lines if "--kubeconfig .gtc/kubeconfig" not in line]
    assert not bare or CLOUD in text


def test_no_example_of_an_end_date_can_go_stale():
    """A fixed date is in the past for whoever reads it later."""
    kinds = ("*.md", "*.py", "*.toml", "Makefile", ".env.example")
    folders = ("docs", "ui", "gtc_runtime", "constructs", ".")
    found = [
        str(path.relative_to(ROOT))
        for folder in folders
        for kind in kinds
        for path in (ROOT / folder).glob(kind if folder == "." else f"**/{kind}")
        if re.search(r"UNTIL=\s*20\d\d-", path.read_text(encoding="utf-8"))
    ]
    assert found == []
