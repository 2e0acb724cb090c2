"""Every line of the Makefile is run, as far as its program reading its arguments.

Make itself runs here, with programs that only write down how they were called; what was written
down is then read by click, or looked for on the disk.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gtc_cli.main import gtc
from tests.architecture.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROGRAMS = ("gtc", "python", "pytest", "ruff", "uv", "mypy")
WRITES_DOWN = """#!{python}
import json, os, sys
ours = {{key: value for key, value in os.environ.items() if key.startswith("GTC_")}}
with open({log!r}, "a") as log:
    log.write(json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], ours]) + chr(10))
"""
NOTHING: dict[str, str] = {}
EVERYTHING = {
    "ENV": "dev",
    "PORT": "0",
    "REGION": "nyc2",
    "GPU_TYPE": "gpu-h200x1-141gb",
    "MODEL": "nvidia/Llama-3.1-8B-Instruct-FP8",
    "REGISTRY": "registry.example/x",
    "TAG": "mine",
    "DO_CONTEXT": "mine",
    "UNTIL": "+8h",
    "URL": "http://127.0.0.1:8080",
    "YES": "1",
    "FORCE": "1",
    "ADOPT": "1",
    "DOCTOR": "no",
    "OFFLINE": "1",
    "KEDA": "1",
    "PYTHON_VERSION": "3.13",
    "VERSIONS": "3.12 3.13",
    "TEST": "tests/architecture/test_sizes.py",
    "S3": "http://127.0.0.1:9000",
    "DIR": "/tmp/x",
    "BENCH_FLAGS": "--quick",
    "LOCK_FLAGS": "--upgrade",
    "PROGRAM": "examples/gpu_cluster.py",
    "OUT": "/tmp/x",
}
Call = tuple[str, list[str], dict[str, str]]


def targets() -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)


def ran(folder: Path, variables: dict[str, str], *wanted: str, **environment: str) -> list[Call]:
    """What make calls for these targets, in order."""
    log = folder / "log"
    for name in PROGRAMS:
        program = folder / name
        program.write_text(WRITES_DOWN.format(python=sys.executable, log=str(log)))
        program.chmod(0o755)
    given = [f"{key}={value}" for key, value in variables.items()]
    ours = ("GTC_", "MAKE")
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(ours) and key not in EVERYTHING
    }
    done = subprocess.run(
        ["make", "--silent", *wanted, f"BIN={folder}", f"PYTHON={folder}/python", *given],
        cwd=ROOT,
        env={
            **{k: v for k, v in clean.items() if k not in (*EVERYTHING, "MAKEFLAGS")},
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in log.read_text().splitlines()]


@pytest.fixture(scope="module", params=[NOTHING, EVERYTHING], ids=["no variables", "all of them"])
def calls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    return ran(tmp_path_factory.mktemp("bin"), request.param, *targets())


def read(words: list[str]) -> None:
    """Let click read a command line to its end, options, types and all, without running it."""
    command: click.Command = gtc
    context = gtc.make_context("gtc", list(words))
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, context._protected_args + context.args)
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)


def test_click_reads_every_line_that_calls_gtc(calls: list[Call]) -> None:
    lines = [words for program, words, _ in calls if program == "gtc"]
    written = re.findall(r"^\t@\$\((?:GTC|BIN\)/gtc)", MAKEFILE, re.MULTILINE)
    assert len(lines) == len(written) > 35
    for words in lines:
        try:
            read(words)
        except click.ClickException as error:
            pytest.fail(f"gtc {' '.join(words)}: {error.format_message()}")


def test_every_other_line_calls_a_program_that_is_there(calls: list[Call]) -> None:
    for program, words, _ in calls:
        if program != "python":
            continue
        module = words[1] if words[0] == "-m" else words[0].removesuffix(".py").replace("/", ".")
        paths = [ROOT / root / module.replace(".", "/") for root in ("", "constructs")]
        programs = [
            program
            for path in paths
            for program in (path.with_suffix(".py"), path / "__main__.py")
            if program.is_file()
        ]
        assert len(programs) == 1, words
    for program, words, _ in calls:
        if program == "pytest":
            folders = [each for each in words if each.startswith("tests/")]
            assert all((ROOT / each).exists() for each in folders), words


def test_the_environment_is_named_by_flag_only_when_it_was_given(tmp_path: Path) -> None:
    """Else gtc chooses it: GTC_ENV of the shell, of .env, prod."""
    [(_, named, _)] = ran_gtc(tmp_path, {"ENV": "dev"}, "check-env")
    assert named == ["check-env", "--env", "dev"]


@pytest.mark.parametrize("target", ["check-env", "deploy", "demo-status", "test-disagg", "cost"])
def test_gtc_env_of_the_shell_is_not_overridden(tmp_path: Path, target: str) -> None:
    [(_, words, told)] = ran_gtc(tmp_path, {}, target, GTC_ENV="dev")
    assert "--env" not in words
    assert told["GTC_ENV"] == "dev"


def test_any_choice_may_be_written_beside_make(tmp_path: Path) -> None:
    chosen = {"GTC_GROVE": "off", "GTC_BUCKET": "ours", "UNTIL": "+2d"}
    [(_, _, told)] = ran_gtc(tmp_path, chosen, "deploy")
    assert told["GTC_GROVE"] == "off"
    assert told["GTC_BUCKET"] == "ours"
    assert told["GTC_UNTIL"] == "+2d"


def test_make_test_runs_what_it_is_told_and_nothing_else(tmp_path: Path) -> None:
    wanted = "tests/unit/spec/test_bill.py -k price"
    found = ran(tmp_path, {"TEST": wanted}, "test")
    assert [words for program, words, _ in found if program == "pytest"] == [wanted.split()]


def ran_gtc(folder: Path, variables: dict[str, str], target: str, **environment: str) -> list[Call]:
    found = ran(folder, variables, target, **environment)
    return [each for each in found if each[0] == "gtc"]


def test_what_the_python_of_the_machine_runs_needs_nothing_installed() -> None:
    modules = set(re.findall(r"\$\(PYTHON\) -m ([\w.]+)", MAKEFILE))
    files = set(re.findall(r"\$\(PYTHON\) ([\w/]+)\.py", MAKEFILE))
    wanted = sorted(modules | {file.replace("/", ".") for file in files})
    assert "tools.bootstrap" in wanted

    for name in wanted:
        line = f"import importlib; importlib.import_module({name!r})"
        found = subprocess.run(
            [sys.executable, "-S", "-c", line],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, f"{name}: {found.stderr}"


def test_a_target_that_writes_below_gtc_makes_that_folder() -> None:
    recipes = re.findall(r"^[a-z][a-z-]*:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    writing = [recipe for recipe in recipes if "--report .gtc/" in recipe]

    assert len(writing) == 2
    assert all("mkdir -p .gtc\n" in recipe for recipe in writing)
