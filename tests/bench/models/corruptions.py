"""Damage a few files at a time and see whether verify names just those."""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from gtc_runtime.copies.crew import Crew
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.models.checkpoint import Checkpoint

AT_ONCE = 4
"""Most files that are damaged before one verify."""


@dataclass
class Corruptions:
    """What was seen.

    Attributes:
        done: Files that were damaged.
        verified: Times that the whole copy was read.
        missed: Damages that verify did not name, and files that it named without reason.
    """

    done: int = 0
    verified: int = 0
    missed: list[str] = field(default_factory=list)


def corrupt_often(copy: Checkpoint[DirectoryStore], times: int, seed: int = 1) -> Corruptions:
    """Truncate, flip a bit or delete; verify; mend it again."""
    manifest, store = copy.complete(), copy.store
    assert manifest is not None
    seen, draw = Corruptions(), random.Random(seed)
    crew = Crew(4, lambda _stage, _n: None)
    while seen.done < times:
        n_files = min(draw.randint(1, AT_ONCE), times - seen.done)
        chosen = draw.sample(manifest.files, n_files)
        kept = {file.name: store.path(file.name).read_bytes() for file in chosen}
        how = {name: _damage(store.path(name), draw) for name in kept}
        named = {line.split(": ")[0]: line for line in copy.verify(manifest, crew, "")}
        seen.missed += [f"{how[name]} {name}" for name in kept.keys() - named.keys()]
        seen.missed += [f"not damaged: {named[name]}" for name in named.keys() - kept.keys()]
        for name, content in kept.items():
            store.path(name).write_bytes(content)
        seen.done += n_files
        seen.verified += 1
    return seen


def _damage(path: Path, draw: random.Random) -> str:
    how, size = draw.choice(("truncate", "flip", "delete")), path.stat().st_size
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
    return how
