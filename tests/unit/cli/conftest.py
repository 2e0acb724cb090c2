"""`gtc` called in this process, in an empty directory with none of its variables set."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gtc_cli.main import main


@dataclass(frozen=True)
class Told:
    """What a call has said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The line that says what is wrong."""
        return next(
            line.removeprefix("error: ")
            for line in self.err.splitlines()
            if line.startswith("error: ")
        )

    @property
    def hint(self) -> str:
        """The line that says what to do; empty when there is none."""
        lines = [line for line in self.err.splitlines() if line.startswith("hint: ")]
        return lines[0].removeprefix("hint: ") if lines else ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Told]


@pytest.fixture
def gtc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("GTC_") or name == "KUBECONFIG":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    def call(*arguments: str) -> Told:
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return Told(code, out, err)

    return call
