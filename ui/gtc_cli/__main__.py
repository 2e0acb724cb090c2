"""`gtc` and `python -m gtc_cli`: the command line where it is installed, one line where it is not.

A program that only imports the constructs has the package and not what the verbs need. This module
must not import click, nor any other library.
"""

from __future__ import annotations

import sys

from gtc_cli.extras import missing


def run() -> None:
    """Run `gtc` and exit."""
    try:
        from gtc_cli.main import run as run_verbs
    except ModuleNotFoundError as error:
        lacking = missing(error)
        sys.stderr.write(f"error: {lacking.message}\nhint: {lacking.hint}\n")
        sys.exit(lacking.exit_code)
    run_verbs()


if __name__ == "__main__":
    run()
