# ruff: noqa: S310 - every address below is our own loopback child
"""A real Prometheus as a child process that takes given samples and answers queries about them.

Standard library only; samples go in through remote write, so that their times are exact. It must
not know which queries are asked.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STALE = "stale"
"""Stands for the mark with which Prometheus ends a series."""
Samples = list[tuple[int, Any]]
"""Milliseconds and a number, "NaN", "+Inf", "-Inf" or `STALE`."""


# --- Prometheus' remote write: a snappy block of literals around a hand-made protobuf message


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _value_bytes(value: Any) -> bytes:
    bits = {STALE: 0x7FF0000000000002, "NaN": 0x7FF8000000000001}.get(value)
    return struct.pack("<d", float(value)) if bits is None else struct.pack("<Q", bits)


def _write_request(series: dict[str, Samples]) -> bytes:
    message = b""
    for labels, samples in series.items():
        body = b""
        for name, value in sorted(json.loads(labels).items()):
            body += _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for t_ms, value in samples:
            body += _field(2, b"\x09" + _value_bytes(value) + b"\x10" + _varint(t_ms))
        message += _field(1, body)
    return message


def _snappy_literals(data: bytes) -> bytes:
    out = _varint(len(data))
    for start in range(0, len(data), 65_536):
        chunk = data[start : start + 65_536]
        out += bytes([61 << 2]) + struct.pack("<H", len(chunk) - 1) + chunk
    return out


def write(url: str, series: dict[str, Samples]) -> None:
    """Store samples, keyed by their JSON-encoded labels."""
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    body = _snappy_literals(_write_request(series))
    request = urllib.request.Request(f"{url}/api/v1/write", data=body, headers=headers)
    urllib.request.urlopen(request, timeout=10).close()


def ask(url: str, expr: str, at_ms: int) -> Any:
    """The answer as [sorted labels, value] pairs, a bare number, or {"error": ...}."""
    form = urllib.parse.urlencode({"query": expr, "time": f"{at_ms / 1000:.3f}"}).encode()
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query", data=form, timeout=10) as response:
            data = json.load(response)["data"]
    except urllib.error.HTTPError as error:
        return {"error": json.load(error)["error"]}
    if data["resultType"] == "scalar":
        return data["result"][1]
    pairs = [[sorted(one["metric"].items()), one["value"][1]] for one in data["result"]]
    return sorted(pairs)


def version() -> str:
    """Version of the Prometheus on PATH."""
    told = subprocess.run(
        ["prometheus", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return told.split()[2]


@contextmanager
def prometheus() -> Iterator[str]:
    """An empty Prometheus; its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "prometheus.yml"
        config.write_text("global: {}\n")
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder}/data",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-remote-write-receiver",
                "--log.level=error",
            ]
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_ready(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def _wait_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("prometheus did not become ready within 10 s")
