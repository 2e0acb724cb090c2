"""Kill a sync at random moments and look at what it left."""

import random
import signal
import sys
import time
from dataclasses import dataclass, field

from gtc_runtime.copies.store import find
from tests.bench.models.place import Place


@dataclass
class Kills:
    """What was seen.

    Attributes:
        whole_s: Length of an undisturbed sync without its start, seconds.
        kills: Processes that were killed in the middle.
        during: What they did last, see `_DOINGS`, and how many.
        cycles: Syncs that came to their end in spite of it.
        marked_wrong: Copies with a marker over something else than the hub has.
        sent_again: Files that a run sent although they were in the bucket, whole.
        failed: Last lines of runs that ended by themselves with an error.
    """

    whole_s: float = 0.0
    kills: int = 0
    during: dict[str, int] = field(default_factory=dict)
    cycles: int = 0
    marked_wrong: list[str] = field(default_factory=list)
    sent_again: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


LONGEST_RUN = 0.25
"""Of a whole sync. What one run did the next one keeps, so kills hit every stage all the same; a
small checkpoint needs longer runs, or all of them end while they begin."""
_DOINGS = {
    "run": "start",
    "step upload": "fetch from the hub, or lock and compare",
    "send": "send to the bucket",
    "step download": "between the two steps, or compare the share",
    "sent": "send to the bucket",
    "receive": "receive on the share",
}


def kill_often(place: Place, kills: int, longest_run: float = LONGEST_RUN, seed: int = 1) -> Kills:
    """Kill at random moments, over and over, until enough runs were hit.

    Args:
        place: Where.
        kills: How many.
        longest_run: Latest moment, in lengths of a whole sync.
        seed: Of the moments.
    """
    seen, draw = Kills(), random.Random(seed)
    seen.whole_s = _whole(place, seen)
    place.clear()
    bucket_is_right = False
    while seen.kills < kills and not seen.failed:
        bucket_is_right = _one(
            place, draw.uniform(0.0, seen.whole_s * longest_run), seen, bucket_is_right
        )
    if not seen.failed:
        _whole(place, seen)
    _read_journal(place, seen)
    return seen


def _one(place: Place, after_s: float, seen: Kills, bucket_is_right: bool) -> bool:
    """One run and its end; returns whether the bucket's copy is known to be right."""
    child = place.child()
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            child.wait(after_s)
        except Exception:  # still running: the usual case
            child.send_signal(signal.SIGKILL)
        said = child.stdout.read()
        code = child.wait()
    if code == -signal.SIGKILL:
        seen.kills += 1
        sys.stderr.write(f"\r{seen.kills} kills, {seen.cycles} whole syncs ")
        doing = _doing(place)
        seen.during[doing] = seen.during.get(doing, 0) + 1
    if code not in (0, -signal.SIGKILL):
        seen.failed.append(said[-500:])
    bucket_is_right = _check_markers(place, seen, bucket_is_right)
    if code == 0:
        seen.cycles += 1
        _read_journal(place, seen)
        place.clear()
        return False
    return bucket_is_right


def _doing(place: Place) -> str:
    what, key = (place.root / "journal").read_text().splitlines()[-1].split("\t")
    return _DOINGS[f"step {key}" if what == "step" else what]


def _check_markers(place: Place, seen: Kills, bucket_is_right: bool) -> bool:
    store, target = place.copies()
    if not bucket_is_right and find(store.store, store.marker) is not None:
        seen.marked_wrong += [f"bucket: {line}" for line in place.wrong(store)]
        bucket_is_right = True
    if find(target.store, target.marker) is not None:
        seen.marked_wrong += [f"share: {line}" for line in place.wrong(target)]
    return bucket_is_right


def _whole(place: Place, seen: Kills) -> float:
    """An undisturbed run to the end; returns its length without the start."""
    child = place.child()
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        began = time.monotonic()
        said = child.stdout.read()
    took_s = time.monotonic() - began
    if child.returncode:
        seen.failed.append(said[-500:])
        return took_s
    for store in place.copies():
        seen.marked_wrong += place.wrong(store)
        if store.complete() is None:
            seen.marked_wrong.append(f"{store.where} has no marker after a whole run")
    return took_s


def _read_journal(place: Place, seen: Kills) -> None:
    journal = place.root / "journal"
    if not journal.exists():
        return
    sent: set[str] = set()
    for line in journal.read_text().splitlines():
        what, key = line.split("\t")
        if what == "send" and key in sent:
            seen.sent_again.append(key)
        elif what == "sent":
            sent.add(key)
