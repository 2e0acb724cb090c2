"""The command line with what the extra `load` brings and nothing else."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.unit.cli.load.openai_server import Manners, serve

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BROUGHT = ("dependencies", "load")
ALONE = """
import sys
from importlib.machinery import PathFinder

sys.path[:0] = {paths!r}
blocked = set({blocked!r})

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in blocked else super().find_spec(name, path, target)

sys.meta_path[:] = [Bare if each is PathFinder else each for each in sys.meta_path]
sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in repr(each).lower()]
from gtc_cli.main import main
sys.exit(main())
"""
"""Runs `gtc` where the libraries of the other extras cannot be found."""

IMPORTED_AS = {"ai_dynamo": "dynamo"}


def names(requirements):
    found = (re.split(r"[^\w.-]", each)[0].lower().replace("-", "_") for each in requirements)
    return {IMPORTED_AS.get(name, name) for name in found}


def blocked():
    extras = PROJECT["optional-dependencies"]
    mine = names(PROJECT["dependencies"]) | names(extras["load"])
    others = (names(each) for extra, each in extras.items() if extra not in ("load", "build"))
    indirect = {"botocore", "starlette", "uvicorn", "httpcore", "requests", "jsii", "pandas"}
    return sorted((set().union(*others) | indirect) - mine)


def alone(*words):
    paths = [str(ROOT / each) for each in ("constructs", "ui", ".")]
    program = ALONE.format(paths=paths, blocked=blocked())
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=50,
        check=False, cwd=ROOT,
    )  # fmt: skip


def test_the_extra_brings_no_library_of_panel_cluster_or_store():
    assert names(PROJECT["optional-dependencies"]["load"]) == {"click", "rich", "uvloop"}
    assert {"nicegui", "kr8s", "boto3", "fastapi", "aiohttp", "httpx"} <= set(blocked())


@pytest.mark.parametrize("load", ["--rps 10 --mix 40/30/30", "--concurrency 2 --isl 50 --osl 5"])
def test_a_run_needs_nothing_else(load):
    with serve(Manners()) as server:
        words = f"load run --url {server.url} --model m --duration 1 --json {load}"
        told = alone(*words.split())
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["check"]["ok"] > 0


def test_other_verbs_say_in_one_line_what_they_need():
    told = alone("status")
    assert told.returncode == 1
    assert re.fullmatch(
        r"error: gtc needs \w+ for this, which is not installed\n"
        r"hint: pip install 'gtc-demo\[runtime,ui\]'\n",
        told.stderr,
    )


def test_the_help_lists_what_there_is():
    told = alone("--help")
    assert told.returncode == 0
    assert re.search(r"^  load ", told.stdout, re.MULTILINE)


def test_a_page_says_which_extra_it_needs(tmp_path):
    told = alone("load", "run", "--url", "http://127.0.0.1:9", "--model", "m", "--rps", "1",
                 "--report", str(tmp_path / "r.html"))  # fmt: skip
    assert told.returncode == 2
    assert "an html report needs jinja2 and matplotlib, not installed here" in told.stderr
    assert "gtc-demo[reports]" in told.stderr
