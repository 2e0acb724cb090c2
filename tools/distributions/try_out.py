"""Runs inside a clean environment: every public name is there, every example is synthesised.

``python try_out.py FOLDER OUT EXAMPLE...`` with a copy of examples/ and where to write. It prints
one line of JSON: name of each example to the sha256 of what came out, paths left out. It imports
nothing of the repository but what is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Final

_FRESH: Final = "fresh"
"""Where each example writes, until it has its own name."""


def main(folder: Path, out: Path, names: list[str]) -> int:
    """Try them and tell."""
    out.mkdir(parents=True, exist_ok=True)
    # read once, when cdktf starts its Node process
    os.environ["CDKTF_OUTDIR"] = str(out / _FRESH)
    import gtc_constructs

    for name in gtc_constructs.__all__:
        getattr(gtc_constructs, name)
    print(json.dumps({name: _synthesised(folder, out, name) for name in names}))
    return 0


def _synthesised(folder: Path, out: Path, name: str) -> str:
    runpy.run_path(str(folder / f"{name}.py"), run_name="__main__")
    (out / _FRESH).rename(out / name)
    written = sorted((out / name).glob("stacks/*/cdk.tf.json"))
    if not written:
        raise SystemExit(f"{name} wrote nothing into {out / name}")
    text = "".join(each.read_text(encoding="utf-8") for each in written)
    return hashlib.sha256(text.replace(str(out.parent), "").encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
