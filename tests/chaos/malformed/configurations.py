"""What a deployment is configured by: environments, variables, engine files, phase tables."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from importlib import resources
from pathlib import Path
from random import Random
from unittest.mock import patch

from gtc_runtime import choices, settings
from gtc_spec.engines import engine_config
from gtc_spec.environment import ENVIRONMENTS, load
from tests.chaos.malformed.damage import ODD_TEXT, damaged, odd_value, spoilt
from tests.chaos.malformed.kinds import Kind, Try

_ROOT = Path(__file__).parents[3]
_TOML = {
    name: (resources.files("gtc_spec") / "environments" / f"{name}.toml").read_bytes()
    for name in ENVIRONMENTS
}
NESTED_MAX = 200
"""Deeper than this nothing comes out of a file."""
_LITERALS = (
    b"nan", b"inf", b"-inf", b"-1", b"0", b"1e400", b"true", b'""', b"[]", b"{}", b"1979-05-27",
    b"[[]]", b'"\\u0000"', b'"x"', b"0x7fffffffffffffffffff", b"07:32:00", b'["a", 1]', b"{a = 1}",
    b'"\\u001b[31m"', b"1_0", b'"""\n"""', b"[" * 2000, b"99999999999999999999999",
)  # fmt: skip


def _other_value(random: Random, text: bytes) -> bytes:
    """One key has another value."""
    lines = text.splitlines(keepends=True)
    settable = [at for at, line in enumerate(lines) if b" = " in line]
    place = random.choice(settable)
    key = lines[place].partition(b" = ")[0]
    lines[place] = key + b" = " + random.choice(_LITERALS) + b"\n"
    return b"".join(lines)


@contextmanager
def _environments() -> Iterator[Try]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "environment.toml"

        def attempt(random: Random) -> str:
            name = random.choice(ENVIRONMENTS)
            spoil = _other_value if random.random() < 0.4 else damaged
            path.write_bytes(spoil(random, _TOML[name]))
            load(name, path=path)
            return "taken"

        yield attempt


@contextmanager
def _phase_tables() -> Iterator[Try]:
    tables = tomllib.loads(_TOML["prod"].decode())["phase_tables"]

    def attempt(random: Random) -> str:
        wanted = {"phase_tables": spoilt(random, tables, NESTED_MAX)}
        if random.random() < 0.1:
            wanted["phases"] = odd_value(random, NESTED_MAX)
        load("prod", wanted)
        return "taken"

    yield attempt


@contextmanager
def _engine_files() -> Iterator[Try]:
    environment = load("prod")
    facts = environment.engine_facts
    modes = ("prefill", "decode", "aggregated")
    texts = {
        mode: (_ROOT / "engine_configs" / "prod" / f"{mode}.yaml").read_bytes() for mode in modes
    }

    def attempt(random: Random) -> str:
        mode = random.choice(modes)
        text = damaged(random, texts[mode]).decode("utf-8", "surrogateescape")
        engine_config.check("engine.yaml", text, mode, facts)
        engine_config.check_agreement(
            ("engine.yaml", text), ("decode.yaml", texts["decode"].decode())
        )
        return "taken"

    yield attempt


def _variable(random: Random) -> str:
    """A value as a process can get one: no NUL, bytes that are no text as half characters."""
    value = random.choice((*ODD_TEXT, "prod", "cpu", "7", "on", "atl1", "2026-12-24T18:00+01:00"))
    if random.random() < 0.3:
        value = damaged(random, value.encode()).decode("utf-8", "surrogateescape")
    return value.replace("\0", "")


@contextmanager
def _variables() -> Iterator[Try]:
    fields = [name for name in settings.Settings.model_fields if name != "kubeconfig"]
    known = [*choices.CHOICES, *(f"GTC_{name.upper()}" for name in fields), "KUBECONFIG"]
    example = settings.example().encode()

    def attempt(random: Random) -> str:
        given = {name: _variable(random) for name in random.sample(known, random.randint(1, 3))}
        dotenv = Path(".env")
        dotenv.unlink(missing_ok=True)
        if random.random() < 0.3:
            dotenv.write_bytes(damaged(random, example))
        with patch.dict(os.environ, given):
            settings.read()
            choices.environment()
        return "taken"

    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        yield attempt


KINDS = (
    Kind("environments", _environments),
    Kind("variables", _variables),
    Kind("engine-files", _engine_files),
    Kind("phases", _phase_tables),
)
