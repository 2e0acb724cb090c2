"""Print the tables: ``python -m tools.fidelity``."""

from __future__ import annotations

import sys

from tools.fidelity import tables

if __name__ == "__main__":
    made = (tables.point_table, tables.pair_table, tables.replay_table, tables.show_table)
    print(*(table() for table in made), sep="\n\n")
    sys.exit(0)
