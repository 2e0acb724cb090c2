"""``make bench-models``: speed, corruptions and kills of the model sync at full size.

Without --s3 it starts moto, which keeps everything in memory and is slower than either side; give
it any S3 server on loopback that accepts the keys of tests/s3_server.py. A --dir in memory, such as
/dev/shm, leaves the disk out: s5cmd does not wait for it, and the sync does.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.models.corruptions import corrupt_often
from tests.bench.models.kills import kill_often
from tests.bench.models.place import Place, place
from tests.bench.models.speed import race
from tests.s3_server import s3_server

RATIO_MIN, RSS_MB_MAX = 0.7, 300.0


def main() -> int:
    """Run what was asked for and print what was seen; 1 when a goal was missed."""
    given = _parser().parse_args()
    results: dict[str, Any] = {"size_mb": given.size_mb, "load_before": os.getloadavg()[0]}
    missed: list[str] = []
    with contextlib.ExitStack() as stack:
        url = given.s3 or stack.enter_context(s3_server())
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.dir)))
        here = stack.enter_context(place(root, url, given.size_mb * 1_000_000))
        for name in given.only.split(","):
            here.clear()
            results[name], goals = _STAGES[name](here, given)
            missed += goals
            sys.stdout.write(f"{name}: {json.dumps(results[name])}\n")
            sys.stdout.flush()
    results["missed"] = missed
    sys.stdout.write(f"missed: {', '.join(missed) or 'nothing'}\n")
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    return 1 if missed else 0


Stage = Callable[[Place, argparse.Namespace], tuple[dict[str, Any], list[str]]]


def _speed(here: Place, given: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    seen: dict[str, Any] = {}
    missed = []
    for way, leg in race(here, given.rounds).items():
        ratios = {"ratio": leg.ratio, "ratio_with_start": leg.ratio_with_start}
        seen[way] = ratios | {"rss_mb": leg.rss_mb} | asdict(leg)
        missed += [f"speed {way}"] if leg.ratio < RATIO_MIN else []
        missed += [f"memory {way}"] if leg.rss_mb > RSS_MB_MAX else []
    return seen, missed


def _corruptions(here: Place, given: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    for step in ("upload", "download"):
        here.job(step).communicate()
    seen = corrupt_often(here.copies()[1], given.corruptions)
    return asdict(seen), ["corruptions"] if seen.missed else []


def _kills(here: Place, given: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    seen = kill_often(here, given.kills)
    missed = ["kills"] if seen.marked_wrong or seen.failed else []
    missed += ["sent again"] if seen.sent_again else []
    return asdict(seen), missed


_STAGES: dict[str, Stage] = {"speed": _speed, "corruptions": _corruptions, "kills": _kills}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.models")
    parser.add_argument("--size-mb", type=int, default=2000)
    parser.add_argument("--only", default=",".join(_STAGES), help="comma-separated")
    parser.add_argument("--rounds", type=int, default=3, help="of the race; the best counts")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--corruptions", type=int, default=100)
    parser.add_argument("--s3", default="", help="URL of a store; empty starts moto")
    parser.add_argument("--dir", type=Path, default=None, help="where; three times the size")
    parser.add_argument("--json", type=Path, default=None, help="write the results there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
