"""``python -m gtc_constructs.export PROGRAM FOLDER``: run a program and export what it wrote."""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
from pathlib import Path

from gtc_constructs.export import export_terraform
from gtc_spec.errors import UsageError


def main(arguments: list[str]) -> int:
    """Run and export.

    Returns:
        What to exit with.
    """
    if len(arguments) != 2:
        sys.stderr.write("error: got no program and folder, allowed: PROGRAM FOLDER\n")
        return 2
    program, folder = arguments
    with tempfile.TemporaryDirectory() as written:
        os.environ["CDKTF_OUTDIR"] = written  # before Node starts: it reads it then
        try:
            runpy.run_path(program, run_name="__main__")
            made = export_terraform(Path(written), Path(folder))
        except UsageError as error:
            sys.stderr.write(f"error: {error.message}\n")
            return error.exit_code
    sys.stdout.write("".join(f"{path}\n" for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
