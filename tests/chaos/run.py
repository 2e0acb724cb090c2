"""`make chaos`: every part, one after the other, and a table of figures against what is wanted.

Exit code 1 when any figure misses, or a part ends without figures. A part that fails says how to
repeat it from its seed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.chaos.parts import PARTS, Figure, Part, Size

SEED = 1
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """What one part came to."""

    part: str
    about: str
    took_s: float
    figures: tuple[Figure, ...]
    problem: str = ""

    @property
    def met(self) -> bool:
        """Whether it ended, and every figure is as wanted."""
        return not self.problem and all(figure.met for figure in self.figures)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    chosen = [part for part in PARTS if not asked.part or part.name in asked.part]
    if asked.only:
        return _only(asked)
    results = []
    for part in chosen:
        say(f"{part.name}: {part.about}")
        results.append(run_apart(part, asked.size, asked.seed))
        say(table(results[-1:]))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    if asked.markdown:
        asked.markdown.write_text(markdown(results))
    missed = [result.part for result in results if not result.met]
    took_s = sum(result.took_s for result in results)
    say(f"{len(results)} parts in {took_s:.0f} s; missed: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def _end(_number: int, _frame: object) -> None:
    """Asked to end: what is running is ended on the way out."""
    raise SystemExit(1)


def say(text: str) -> None:
    """Tell it at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run_apart(part: Part, size: Size, seed: int) -> Result:
    """Run a part in a process group of its own, within its time; nothing of it is left behind."""
    began_s = time.monotonic()
    limit_s = part.full_s if size == "full" else part.slice_s
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.chaos.run", "--only", part.module, "--size", size]
        command += ["--seed", str(seed), "--json", str(answer)]
        problem = run_group(command, limit_s, folder)
        figures = json.loads(answer.read_text()) if answer.exists() else []
    if not figures and not problem:
        problem = "no figures"
    if problem:
        problem += f"; repeat with: make chaos PART={part.name} SEED={seed}"
        problem += f" SIZE={size}" if size != "full" else ""
    took_s = round(time.monotonic() - began_s, 1)
    return Result(part.name, part.about, took_s, tuple(Figure(**one) for one in figures), problem)


def run_group(command: list[str], limit_s: float, folder: str) -> str:
    """Run a command and end every process of its group after it.

    Args:
        command: What to run.
        limit_s: It is ended after so long.
        folder: Where it and its processes put what lasts no longer than they do.

    Returns:
        What went wrong; empty when nothing did.
    """
    environ = {**os.environ, "TMPDIR": folder}
    running = subprocess.Popen(command, cwd=_ROOT, env=environ, process_group=0)
    try:
        code = running.wait(limit_s)
    except subprocess.TimeoutExpired:
        return f"not done after {limit_s:g} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    return f"ended with {code}" if code else ""


def _only(asked: argparse.Namespace) -> int:
    work: Callable[[Size, int], list[Figure]] = importlib.import_module(asked.only).run
    figures = work(asked.size, asked.seed)
    asked.json.write_text(json.dumps([asdict(figure) for figure in figures]))
    return 0


def table(results: list[Result]) -> str:
    """For terminals."""
    lines = []
    for result in results:
        for figure in result.figures:
            mark = "ok  " if figure.met else "MISS"
            lines.append(f"  {mark} {figure.name:<58} {figure.found:>12}  {figure.wanted}")
        if result.problem:
            lines.append(f"  MISS {result.problem}")
        lines.append(f"  {result.part} took {result.took_s:g} s")
    return "\n".join(lines)


def markdown(results: list[Result]) -> str:
    """For documents."""
    lines = ["| part | figure | found | wanted | |", "|---|---|---:|---|---|"]
    for result in results:
        for figure in result.figures:
            mark = "ok" if figure.met else "**miss**"
            cells = (result.part, figure.name, figure.found, figure.wanted, mark)
            lines.append(f"| {' | '.join(cells)} |")
        if result.problem:
            lines.append(f"| {result.part} | {result.problem} | | | **miss** |")
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.chaos.run", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("--size", choices=("full", "slice"), default="full")
    parser.add_argument("--part", action="append", choices=names, help="only this; repeatable")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--markdown", type=Path, help="write the table here")
    parser.add_argument("--only", metavar="MODULE", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
