"""``make bench-models``: kills, corruptions and speed of the model sync at full size.

Without --s3 it starts moto, which keeps everything in memory and is slower than either side; give
it any S3 server on loopback that accepts the keys of tests/s3_server.py.
"""

import argparse
import contextlib
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench.models.corruptions import corrupt_often
from tests.bench.models.kills import kill_often
from tests.bench.models.place import place
from tests.bench.models.speed import race
from tests.s3_server import s3_server


def main() -> int:
    """Run what was asked for and print what was seen; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.models")
    parser.add_argument("--size-mb", type=int, default=2000)
    parser.add_argument("--part-mib", type=int, default=16)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--corruptions", type=int, default=100)
    parser.add_argument("--s3", default="", help="URL of a store; empty starts moto")
    parser.add_argument("--dir", type=Path, default=None, help="where; three times the size")
    given = parser.parse_args()
    missed = []
    with contextlib.ExitStack() as stack:
        url = given.s3 or stack.enter_context(s3_server())
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.dir)))
        here = stack.enter_context(
            place(root, url, given.size_mb * 1_000_000, given.part_mib * 2**20)
        )
        speed = race(here)
        say("speed", asdict(speed) | {"ratios": speed.ratios})
        missed += ["speed"] if min(speed.ratios) < 0.7 else []
        missed += ["memory"] if max(speed.upload_rss_mb, speed.download_rss_mb) > 300 else []
        corruptions = corrupt_often(here.stores()[1], given.corruptions)
        say("corruptions", asdict(corruptions))
        missed += ["corruptions"] if corruptions.missed else []
        here.clear()
        kills = kill_often(here, given.kills)
        say("kills", asdict(kills))
        if kills.marked_wrong or kills.failed or kills.resent_parts > 1:
            missed.append("kills")
        missed += ["resume"] if kills.refetched_bytes > here.part_bytes else []
    say("missed", missed or "nothing")
    return 1 if missed else 0


def say(what: str, seen: object) -> None:
    """One line of the result."""
    sys.stdout.write(f"{what}: {seen}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
