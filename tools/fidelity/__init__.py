"""The twin held against what was measured: figures with their sources, and a table of both.

``python -m tools.fidelity`` prints the tables that docs/rehearsal-fidelity.md holds; ``make docs``
writes them there.
"""
