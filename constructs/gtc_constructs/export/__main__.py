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
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["CDKTF_OUTDIR"] = temporary  # before Node starts: it reads it then
        try:
            made = export_terraform(_written(program), Path(folder))
        except UsageError as error:
            sys.stderr.write(f"error: {error.message}\n")
            if error.hint:
                sys.stderr.write(f"hint: {error.hint}\n")
            return error.exit_code
    sys.stdout.write("".join(f"{path}\n" for path in made))
    return 0


def _written(program: str) -> Path:
    """Run a program as Python itself would, and find the folder that its app wrote.

    Raises:
        UsageError: It is none, or it wrote no app, or several.
    """
    from gtc_constructs._cdk import App

    if not Path(program).is_file():
        raise UsageError(f"got program {program}, allowed: a file of Python")
    folders: list[Path] = []
    write = App.synth

    def noting(app: App) -> None:
        write(app)
        folders.append(Path(app.outdir).resolve())

    App.synth = noting  # type: ignore[assignment, method-assign]
    sys.argv = [program]
    sys.path.insert(0, str(Path(program).resolve().parent))
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            raise
    finally:
        App.synth = write  # type: ignore[method-assign]
    apps = sorted(set(folders))
    if len(apps) != 1:
        raise UsageError(
            f"{program} wrote {len(apps)} apps, allowed: one", "end it with synthesise(app)"
        )
    return apps[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
