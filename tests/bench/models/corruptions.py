"""Damage one file after the other and see whether verify names just that one."""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from gtc_runtime.models.crew import Crew
from gtc_runtime.models.store import DirectoryStore, verify


@dataclass
class Corruptions:
    """What was seen.

    Attributes:
        done: Files that were damaged, one at a time.
        missed: Damages that verify did not name, or named more than.
    """

    done: int = 0
    missed: list[str] = field(default_factory=list)


def corrupt_often(store: DirectoryStore, times: int, seed: int = 1) -> Corruptions:
    """Truncate, flip a bit or delete; verify; mend it again."""
    manifest = store.complete()
    assert manifest is not None
    seen, draw = Corruptions(), random.Random(seed)
    crew = Crew(4, lambda _stage, _n: None)
    for _ in range(times):
        file = draw.choice(manifest.files)
        path = store.path(file.name)
        how = draw.choice(("truncate", "flip", "delete"))
        content = path.read_bytes()
        _damage(path, how, draw)
        named = verify(store, manifest, crew, "")
        if [line.split(": ")[0] for line in named] != [file.name]:
            seen.missed.append(f"{how} {file.name}: {named}")
        path.write_bytes(content)
        seen.done += 1
    return seen


def _damage(path: Path, how: str, draw: random.Random) -> None:
    size = path.stat().st_size
    if how == "delete":
        path.unlink()
    elif how == "truncate":
        os.truncate(path, draw.randrange(size))
    else:
        with path.open("r+b") as file:
            at = draw.randrange(size)
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << draw.randrange(8)]))
