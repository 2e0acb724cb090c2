"""Other load generators: installed each in an environment of its own, run as their users would.

Both are given one core, a local tokenizer (a token for each byte, so that nothing is fetched) and
the settings that cost them least: no screen, no telemetry, token counts from the server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from tests.bench.load import build
from tests.bench.load.measured import Bench, Row, Run, run
from tests.bench.load.ours import error_figures, loop_figures
from tests.bench.load.server import MockServer
from tests.bench.load.shape import PROMPT_TOKENS, Shape
from tests.bench.load.truth import (
    Seen,
    quantile,
    realised_rps,
    schedule_errors_ms,
    serial_of,
    ttft_errors_ms,
)

STAMP = '"content":" '
"""In the frames that say when they were sent, and in no other."""
DEFAULT = "aiperf==0.13.0,guidellm==0.8.1"


@dataclass(frozen=True)
class Load:
    """What a peer is asked for: a number of streams, or a constant rate."""

    requests: int
    streams: int = 0
    rps: float = 0.0


@dataclass(frozen=True)
class Peer:
    """An installed peer."""

    name: str
    version: str
    command: Path

    @property
    def client(self) -> str:
        """As it is called in tables."""
        return f"{self.name} {self.version}"


def install(requirement: str) -> Peer:
    """Install a peer unless it is there; minutes the first time.

    Raises:
        RuntimeError: The installation failed.
    """
    name, _, version = requirement.partition("==")
    home = build.cache() / "peers" / requirement
    complete = home / "complete"
    if not complete.exists():
        print(f"installing {requirement} into {home} …", flush=True)  # noqa: T201
        uv, python = str(Path(sys.executable).with_name("uv")), str(home / "bin/python")
        for words in (
            [uv, "venv", "-q", "--clear", "--python", sys.executable, str(home)],
            [uv, "pip", "install", "-q", "--python", python, requirement],
        ):
            if subprocess.run(words, check=False).returncode:
                raise RuntimeError(f"{requirement} cannot be installed, see above")
        complete.touch()
    return Peer(name, version, home / "bin" / name)


def tokenizer() -> Path:
    """A folder with a tokenizer that makes every byte a token."""
    folder = build.cache() / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    end = "<|end|>"
    words = [*sorted(pre_tokenizers.ByteLevel.alphabet()), end]
    made = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    made.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    made.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": end, "eos_token": end}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def loop_row(peer: Peer, bench: Bench, case: str, wanted: Shape, load: Load, variant: int) -> Row:
    """A closed loop. Errors are taken where the server keeps a pace.

    Args:
        variant: Counts repetitions; GuideLLM runs with one process and with its ten in turn.
    """
    server, paced = bench.server, wanted.itl_ms > 0
    server.answer_with(**wanted.server_settings(keep=paced))
    done, seen, note = _run(peer, bench, wanted, load, paced, variant)
    figures = loop_figures(server, done)
    if paced:
        figures |= error_figures(server, seen)
    return Row(case, peer.client, figures, done.conditions, note)


def rate_row(peer: Peer, bench: Bench, case: str, wanted: Shape, load: Load, variant: int) -> Row:
    """A constant rate, judged by when requests reach the server."""
    server = bench.server
    server.answer_with(**wanted.server_settings())
    done, seen, note = _run(peer, bench, wanted, load, False, variant)
    answers = server.log()
    errors_ms = schedule_errors_ms(answers, load.rps)
    figures = {
        "rps": realised_rps(answers),
        "schedule_error_p50_ms": quantile(errors_ms, 0.5),
        "schedule_error_p99_ms": quantile(errors_ms, 0.99),
        "ttft_error_p99_ms": quantile(ttft_errors_ms(seen, answers), 0.99),
        "start_s": answers[0].received / 1e9 - done.started_s,
    }
    return Row(case, peer.client, figures, done.conditions, note)


def _run(
    peer: Peer,
    bench: Bench,
    wanted: Shape,
    load: Load,
    stamps: bool,
    variant: int,
) -> tuple[Run, list[Seen], str]:
    server, folder = bench.server, bench.scratch / peer.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    env |= {"HOME": str(folder), "TOKENIZERS_PARALLELISM": "false"}
    if peer.name == "aiperf":
        words, note = _aiperf_words(peer, server, folder, wanted, load, stamps), ""
    else:
        processes = 1 if variant % 2 == 0 else 10
        env["GUIDELLM__MAX_WORKER_PROCESSES"] = str(processes)
        words, note = _guidellm_words(peer, server, folder, wanted, load), f"{processes} processes"
    done = run(words, server, folder / "log", env, paced=wanted.itl_ms > 0)
    seen = _aiperf_seen(folder) if peer.name == "aiperf" else _guidellm_seen(folder)
    return done, seen, note


def _aiperf_words(
    peer: Peer, server: MockServer, folder: Path, wanted: Shape, load: Load, stamps: bool
) -> list[str]:
    pace = {"concurrency": load.streams} if load.streams else {"request-rate": load.rps}
    if load.rps:
        pace |= {"arrival-pattern": "constant"}  # type: ignore[dict-item]
    options: Mapping[str, object] = {
        "model": "mock",
        "url": server.url,
        "endpoint-type": "chat",
        "tokenizer": tokenizer(),
        "ui": "none",
        "workers-max": 1,
        "request-count": load.requests,
        "conversation-num": load.requests,
        "isl": PROMPT_TOKENS,
        "osl": wanted.tokens,
        "export-level": "raw" if stamps else "records",
        "artifact-dir": folder,
        **pace,
    }
    flags = ("streaming", "use-server-token-count", "no-gpu-telemetry", "no-server-metrics")
    return [
        *(str(peer.command), "profile"),
        *(f"--{flag}" for flag in flags),
        *(word for name, value in options.items() for word in (f"--{name}", str(value))),
    ]


def _aiperf_seen(folder: Path) -> list[Seen]:
    """From raw records where there are any; records alone cannot be joined with the log."""
    seen = []
    raw = folder / "profile_export_raw.jsonl"
    for line in raw.read_text().splitlines() if raw.exists() else ():
        record = json.loads(line)
        stamps, serial = [], 0
        for response in record["responses"]:
            data = [packet["value"] for packet in response["packets"]]
            if any(STAMP in value for value in data):
                stamps.append(response["perf_ns"])
                serial = serial or serial_of(json.loads(data[0])["id"])
        if stamps:
            arrivals = np.array(stamps, dtype=np.int64)
            seen.append(Seen(serial, record["start_perf_ns"], stamps[0], arrivals))
    return seen


def _guidellm_words(
    peer: Peer, server: MockServer, folder: Path, wanted: Shape, load: Load
) -> list[str]:
    if load.streams:
        pace = f"kind=concurrent,streams={load.streams}"
    else:
        pace = f"kind=constant,rate={load.rps:g}"
    text = f"prompt_tokens={PROMPT_TOKENS},output_tokens={wanted.tokens}"
    options = {
        "backend": f"kind=openai_http,target={server.url},model=mock",
        "profile": pace,
        "constraint": f"kind=max_requests,count={load.requests}",
        "data": f"kind=synthetic_text,{text}",
        "tokenizer": f"kind=huggingface_auto,model={tokenizer()}",
        "output": f"kind=json,path={folder / 'out.json'}",
    }
    return [
        *(str(peer.command), "run", "--disable-progress"),
        *(word for name, value in options.items() for word in (f"--{name}", value)),
    ]


def _guidellm_seen(folder: Path) -> list[Seen]:
    """It keeps the first token's time alone, on the wall clock: durations are all there is."""
    report = json.loads((folder / "out.json").read_text())
    return [
        Seen(
            serial_of(request["response_id"] or ""),
            0,
            round(request["time_to_first_token_ms"] * 1e6),
        )
        for request in report["benchmarks"][0]["requests"]["successful"]
        if request["time_to_first_token_ms"] is not None
    ]
