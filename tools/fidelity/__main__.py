"""Print the tables: ``python -m tools.fidelity``."""

from __future__ import annotations

import sys

from tools.fidelity import tables

if __name__ == "__main__":
    print(tables.point_table(), tables.pair_table(), tables.replay_table(), sep="\n\n")
    sys.exit(0)
