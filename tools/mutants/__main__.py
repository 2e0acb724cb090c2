"""Plant small faults in deciding code and see whether its own tests notice: `make mutants`.

`modules.toml` names the modules with their tests, `survivors.toml` the faults that cannot matter,
with the reason. Prints a table, writes what else survived to `.gtc/mutants/`, and fails when a
module notices fewer than 90 % of its faults, or when its survivors are not those that are listed.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.mutants.faults import Fault, faults
from tools.mutants.planting import ROOT, SLOWEST_S, Watched, forked, judge, watch

HERE = Path(__file__).parent
SURVIVED = ROOT / ".gtc" / "mutants"
SHARE_MIN = 0.9
ALL_TESTS_S = 5.0
"""When all tests of a module take no longer, those that do not call the function judge it too."""
JOBS_MAX = 8


@dataclass(frozen=True)
class Planted:
    """A fault in a file of a module."""

    file: str
    fault: Fault
    tree: ast.Module


def main(argv: list[str]) -> int:
    """Judge the modules named, all without a name."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as load/response; all without one")
    parser.add_argument("--again", action="store_true", help="only what survived the last run")
    parser.add_argument(
        "--jobs", type=int, help="side by side; without, as many as an idle machine has use for"
    )
    asked = parser.parse_args(argv)
    table = tomllib.loads((HERE / "modules.toml").read_text())
    accepted = tomllib.loads((HERE / "survivors.toml").read_text())
    if unknown := set(asked.modules) - set(table):
        parser.error(f"unknown: {', '.join(sorted(unknown))}, allowed: {', '.join(table)}")
    os.environ["GTC_SAME_EXAMPLES"] = "1"
    os.chdir(ROOT)
    SURVIVED.mkdir(parents=True, exist_ok=True)
    well = True
    print(f"{'module':20} {'planted':>7} {'noticed':>7} {'share':>6}  survivors", flush=True)
    for name in asked.modules or table:
        told = SURVIVED / f"{name.replace('/', '-')}.txt"
        again = told.read_text().splitlines() if asked.again else None
        try:
            left, planted, late = survivors(table[name], again, asked.jobs)
        except AssertionError as error:
            print(f"{name:20} {error}", flush=True)
            well = False
            continue
        listed = {each["fault"]: each["reason"] for each in accepted.get(name, ())}
        keys = {each.fault.key for each in left}
        noticed = planted - len(left)
        share = noticed / planted if planted else 1.0
        new = [each for each in left if each.fault.key not in listed]
        print(
            f"{name:20} {planted:7} {noticed:7} {share:6.1%}  "
            f"{len(left) - len(new)} listed, {len(new)} not; {late} noticed by their time",
            flush=True,
        )
        told.write_text("".join(f"{e.file}:{e.fault.line} {e.fault.key}\n" for e in new))
        gone = [] if again else [fault for fault in listed if fault not in keys]
        for fault in gone:
            print(f"  listed, but noticed now or not planted any more: {fault}")
        well = well and (share >= SHARE_MIN or again is not None) and not new and not gone
    print(f"survivors that are not listed: {SURVIVED.relative_to(ROOT)}")
    return 0 if well else 1


def survivors(
    entry: dict[str, list[str]], again: list[str] | None, jobs: int | None
) -> tuple[list[Planted], int, int]:
    """What the tests of a module do not notice, how many were planted, and how many took too long.

    Raises:
        AssertionError: The tests fail without any fault.
    """
    planted = [
        Planted(file, fault, tree)
        for file in entry["files"]
        for tree in [ast.parse((ROOT / file).read_text())]
        for fault in faults(tree)
    ]
    if again is not None:
        planted = [
            each for each in planted if any(line.endswith(f" {each.fault.key}") for line in again)
        ]
    with tempfile.TemporaryDirectory() as folder:
        seen, useful = _watched(entry, Path(folder))
        _import(seen.modules)
        waiting = _Children(entry["tests"], seen, jobs or useful, Path(folder))
        return waiting.survivors(planted), len(planted), waiting.late


def _watched(entry: dict[str, list[str]], folder: Path) -> tuple[Watched, int]:
    """What the tests do without a fault, and how many of them this machine runs side by side."""
    told, output = folder / "seen.json", folder / "output"
    begun_s, used_s = time.monotonic(), _used_s()
    _, status = os.waitpid(forked(watch(entry["files"], entry["tests"], told), output), 0)
    if status:
        said = output.read_text(errors="replace").strip().splitlines()
        raise AssertionError(f"its tests fail without any fault: {' '.join(said[-2:])}")
    waits = (time.monotonic() - begun_s) / max(0.1, _used_s() - used_s)
    jobs = round((os.cpu_count() or 1) * waits)
    return Watched(**json.loads(told.read_text())), min(JOBS_MAX, max(2, jobs))


def _load() -> float:
    """Processes that want to run, for each processor: on a busy machine nobody is late so soon."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def _used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _import(modules: Iterable[str]) -> None:
    """What every child would import, once."""
    for module in modules:
        try:
            with warnings.catch_warnings(action="ignore"):
                importlib.import_module(module)
        except Exception as error:  # a part of a package that nobody imports so
            print(f"  {module} is left to the children: {error}", file=sys.stderr)


class _Children:
    """Runs children side by side, each with its fault and its time."""

    def __init__(self, tests: list[str], seen: Watched, jobs: int, folder: Path) -> None:
        self._tests, self._seen, self._jobs, self._folder = tests, seen, jobs, folder
        self._running: dict[int, tuple[Planted, float]] = {}
        self._left: list[Planted] = []
        self.late = 0
        """How many were ended because their tests took too long; they count as noticed."""

    def survivors(self, planted: list[Planted]) -> list[Planted]:
        """Those that no test notices, in the order in which they are planted."""
        for each in planted:
            order = self._order(each.fault)
            if not order:
                self._left.append(each)
                continue
            while len(self._running) >= self._jobs:
                self._collect()
            run = judge(each.file, each.fault.planted(each.tree), self._tests, order)
            limit_s = 20.0 + 5 * sum(self._seen.seconds[test] for test in order)
            pid = forked(run, Path(os.devnull))
            self._running[pid] = each, time.monotonic() + limit_s * max(1.0, _load())
        while self._running:
            self._collect()
        return [each for each in planted if each in self._left]

    def _order(self, fault: Fault) -> list[str]:
        """Tests that call the function of the fault, the quickest first; then the others."""
        seconds = {test: s for test, s in self._seen.seconds.items() if s <= SLOWEST_S}
        in_turn = sorted(seconds, key=seconds.__getitem__)
        if not fault.function or fault.function in self._seen.at_import:
            return in_turn
        calling = [test for test in in_turn if fault.function in self._seen.calls[test]]
        if not calling or sum(seconds.values()) > ALL_TESTS_S:
            return calling
        return calling + [test for test in in_turn if test not in calling]

    def _collect(self) -> None:
        """Wait for a moment; note who is done and end who is late."""
        time.sleep(0.01)
        for pid, (planted, until_s) in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and time.monotonic() > until_s:
                os.killpg(pid, signal.SIGKILL)
                self.late += 1
                _, status = os.waitpid(pid, 0)
                ended = pid
            if ended:
                del self._running[pid]
                if status == 0:
                    self._left.append(planted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
