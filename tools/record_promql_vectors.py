# ruff: noqa: S310 - every address below is our own loopback child
"""Records what a real Prometheus answers, so that the rehearsal's evaluator can be held to it.

Starts `prometheus` on loopback with an empty data directory, writes a seeded data set through
remote write, asks every query at several times and stores the answers beside the data. With
`--check` nothing is written: the stored answers are compared with fresh ones.

    python tools/record_promql_vectors.py [--check]
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "tests" / "contract" / "promql" / "vectors.json"
START_MS = 1_700_000_000_000
STEP_MS = 5_000
STEPS = 120
TIMES_MS = [START_MS + at for at in (1_300, 61_300, 127_900, 301_700, 433_200, 596_100, 700_900)]
"""Off the sample grid: 2.x includes a sample on the left edge of a window, 3.x does not."""

STALE = "stale"
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf)
Samples = list[tuple[int, Any]]

N = 'namespace="dynamo-workload"'
BUCKETS = f"ttft_bucket{{{N}}}"
QUERIES = [
    f"queued{{{N}}}",
    'queued{model=~"llama.*"}',
    'queued{model!~"llama.*",pod!="f-0"}',
    'queued{model="absent"}',
    'queued{model!="absent"}',
    "queued offset 30s",
    "sum(queued)",
    "sum by (pod) (queued)",
    "sum by (pod, nothing) (queued)",
    "sum without (pod, model) (queued)",
    "avg(queued)",
    "min by (model) (queued)",
    "max(queued)",
    "count(queued)",
    "group by (pod) (queued)",
    f"rate(ttft_count{{{N}}}[1m])",
    "rate(ttft_count[30s])",
    "rate(ttft_count[1m] offset 45s)",
    "increase(ttft_count[2m])",
    "irate(ttft_count[1m])",
    "rate(restarted_total[1m])",
    "increase(restarted_total[5m])",
    "irate(restarted_total[20s])",
    "rate(gappy_total[1m])",
    "increase(gappy_total[3m])",
    "rate(late_total[1m])",
    "changes(queued[1m])",
    "changes(odd[5m])",
    "max_over_time(queued[1m])",
    "min_over_time(queued[1m])",
    "avg_over_time(queued[2m])",
    "sum_over_time(queued[2m])",
    "count_over_time(queued[2m])",
    "max_over_time(odd[5m])",
    "odd",
    "odd > 0",
    "odd == odd",
    "max(odd)",
    f"histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(0.5, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(0.5, rate({BUCKETS}[1m]))",
    f"histogram_quantile(1, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(0, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(1.1, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(-1, sum by (le) (rate({BUCKETS}[1m])))",
    'histogram_quantile(0.5, sum by (le) (rate(ttft_bucket{le!="+Inf"}[1m])))',
    "histogram_quantile(0.9, queued)",
    f"1000 * histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[1m]))) >= 0",
    f"(1000 * histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[1m]))) >= 0)"
    f" or (0 * max(up{{{N}}} == 1))",
    '(sum(rate(ttft_count{model="absent"}[1m])) >= 0) or (0 * max(up == 1))',
    'sum(rate(ttft_bucket{le="0.5"}[1m])) / sum(rate(ttft_count[1m]))',
    "queued / on (pod) group_left () up",
    "queued * on (pod) group_left (node) up",
    "up * on (pod) group_right (node) queued",
    "queued - ignoring (model) group_left () up",
    "sum by (pod) (queued) / sum by (pod) (up)",
    "sum by (pod) (queued) / on (pod) up",
    "queued > 5",
    "5 < queued",
    "queued > bool 5",
    "5 >= bool queued",
    "up == 1",
    "up == bool 1",
    "queued > on (pod) group_left () (up * 5)",
    "queued >= bool on (pod) group_left () (up * 5)",
    "sum by (pod) (queued) == sum by (pod) (queued)",
    "queued and on (pod) (up == 1)",
    "queued unless on (pod) (up == 1)",
    "queued or up",
    "queued and ignoring (model, node) up",
    "queued or ignoring (model, node) up",
    "queued unless queued",
    "-queued",
    "-(2 ^ 3)",
    "queued % 3",
    "queued ^ 2",
    "queued / 0",
    "0 / (queued * 0)",
    "1 / 0",
    "7 % 4 - 2 * 3",
    "1 < bool 2",
    "vector(7)",
    "vector(1) + 2",
    "scalar(sum(queued)) * 2",
    "scalar(queued)",
    "clamp_min(queued, 5)",
    "clamp_max(queued, 5)",
    "clamp(queued, 3, 5)",
    "clamp(queued, 5, 3)",
    "clamp_max(odd, 1)",
    "abs(-queued)",
    'absent(queued{model="absent",pod=~"f.*"})',
    "absent(queued)",
    'absent(sum(queued{model="absent"}))',
    'absent(queued{model="a",model="b"})',
    "timestamp(queued)",
    "timestamp(sum(queued))",
    "time() - max(timestamp(queued))",
    "max(timestamp(up) and (up == 1))",
    'label_replace(queued, "short", "$1", "model", "(.).*")',
    'label_replace(queued, "kept", "$1", "model", "no(match)")',
    'min(label_replace(max(timestamp(queued)), "input", "0", "", "")'
    ' or label_replace(max(timestamp(up)), "input", "1", "", ""))',
    "count(count by (le) (ttft_bucket))",
    '{__name__=~"up|queued",pod="f-0"}',
    'rate({__name__=~"ttft_count|late_total"}[1m])',
    # refused for the data at hand
    "queued * on (pod) up",
    "queued * on (namespace) up",
    "queued * on (namespace) group_left () up",
    "sum by (pod, model) (queued) * on (pod) group_right () up",
    "up * on (model) queued",
    'rate({__name__=~"late_total|gappy_total"}[5m])',
]


def data_set() -> dict[str, Samples]:
    """Series by their JSON-encoded labels; a value is a number, "NaN", "+Inf" or "stale"."""
    rng = random.Random(20261122)
    series: dict[str, Samples] = {}

    def add(name: str, samples: Samples, **labels: str) -> None:
        pairs = {"__name__": name, "namespace": "dynamo-workload", **labels}
        series[json.dumps(pairs, sort_keys=True)] = samples

    times = [START_MS + step * STEP_MS for step in range(STEPS)]
    for pod, model, ends in (("f-0", "llama-70b", 120), ("f-1", "llama-8b", 90), ("g-0", "q", 88)):
        alive = times[:ends]
        tail: Samples = [(times[ends], STALE)] if ends < STEPS else []
        add("queued", [(t, rng.randint(0, 9)) for t in alive] + tail, pod=pod, model=model)
        up: Samples = [(t, 1 if t < times[ends - 6] else 0) for t in alive]
        add("up", up + tail, pod=pod, node=f"n-{pod}")
        _add_histogram(add, rng, alive, tail, pod)
    add("restarted_total", [(t, (i * 3) % 71) for i, t in enumerate(times)], pod="f-0")
    gappy = [(t, 100.0 + i * 1.5) for i, t in enumerate(times) if rng.random() < 0.6]
    add("gappy_total", gappy, pod="f-0")
    add("late_total", [(t, i * 2.5) for i, t in enumerate(times[60:])], pod="f-0")
    odd = ["NaN", "NaN", 1, "+Inf", "-Inf", 2, "NaN", 3]
    add("odd", [(t, odd[i % len(odd)]) for i, t in enumerate(times)], pod="f-0")
    return series


def _add_histogram(add: Any, rng: random.Random, times: list[int], tail: Samples, pod: str) -> None:
    totals = [0] * len(BOUNDS)
    rows: list[Samples] = [[] for _ in BOUNDS]
    for index, t in enumerate(times):
        for _ in range(rng.randint(0, 6) if index < 75 else 0):
            seen = rng.lognormvariate(-1.2, 1.1)
            totals = [n + (seen <= bound) for n, bound in zip(totals, BOUNDS, strict=True)]
        for row, total in zip(rows, totals, strict=True):
            row.append((t, total))
    for bound, row in zip(BOUNDS, rows, strict=True):
        add("ttft_bucket", row + tail, pod=pod, le="+Inf" if math.isinf(bound) else str(bound))
    add("ttft_count", rows[-1] + tail, pod=pod)


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


def _write(url: str, series: dict[str, Samples]) -> None:
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    body = _snappy_literals(_write_request(series))
    request = urllib.request.Request(f"{url}/api/v1/write", data=body, headers=headers)
    urllib.request.urlopen(request, timeout=10).close()


def _ask(url: str, expr: str, at_ms: int) -> Any:
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


@contextmanager
def _prometheus() -> Iterator[str]:
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


def record() -> dict[str, Any]:
    """Ask a real Prometheus everything."""
    version = subprocess.run(
        ["prometheus", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[2]
    series = data_set()
    with _prometheus() as url:
        _write(url, series)
        cases = [
            {"expr": expr, "at_ms": at_ms, "answer": _ask(url, expr, at_ms)}
            for expr in QUERIES
            for at_ms in TIMES_MS
        ]
    return {"prometheus": version, "series": series, "cases": cases}


def _dump(recorded: dict[str, Any]) -> str:
    """One line per series and per case, so that a change shows as a small diff."""
    rows = recorded["series"].items()
    series = ",\n".join(f"  {json.dumps(labels)}: {json.dumps(values)}" for labels, values in rows)
    cases = ",\n".join(f"  {json.dumps(case)}" for case in recorded["cases"])
    version = json.dumps(recorded["prometheus"])
    return f'{{"prometheus": {version},\n"series": {{\n{series}\n}},\n"cases": [\n{cases}\n]}}\n'


def main() -> int:
    """Record or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    if shutil.which("prometheus") is None:
        sys.stderr.write("prometheus is not on PATH\n")
        return 3
    fresh = json.loads(json.dumps(record()))
    if not check:
        VECTORS.parent.mkdir(parents=True, exist_ok=True)
        VECTORS.write_text(_dump(fresh))
        return 0
    stored = json.loads(VECTORS.read_text())
    same = stored["series"] == fresh["series"] and stored["cases"] == fresh["cases"]
    sys.stderr.write("" if same else "the stored answers differ: record them again and look why\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
