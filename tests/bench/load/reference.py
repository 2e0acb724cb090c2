"""Runs of the C client, the practical limit on this machine."""

from __future__ import annotations

import json

from tests.bench.load import build
from tests.bench.load.measured import Bench, Row, run
from tests.bench.load.ours import loop_figures
from tests.bench.load.shape import Shape
from tests.bench.load.truth import Seen, quantile, ttft_errors_ms

CLIENT = "C client"


def closed_run(bench: Bench, case: str, streams: int, requests: int, wanted: Shape) -> Row:
    """Closed loop, kernel stamps; errors too, which it keeps at no cost to speak of."""
    server = bench.server
    server.answer_with(**wanted.server_settings())
    out = bench.scratch / "client.json"
    done = run(
        [
            str(build.program("client")),
            *(str(server.port), str(streams), str(requests)),
            f"stamps={int(wanted.itl_ms > 0)}",
        ],
        server,
        out,
        paced=wanted.itl_ms > 0,
    )
    told = json.loads(out.read_bytes())
    seen = [Seen(serial, sent, first) for serial, _, sent, first, _ in told["rows"]]
    ttft_ms = ttft_errors_ms(seen, server.log())
    figures = loop_figures(server, done) | {
        "ttft_error_p50_ms": quantile(ttft_ms, 0.5),
        "ttft_error_p99_ms": quantile(ttft_ms, 0.99),
        "stamp_error_p50_ms": told.get("lag_p50_ms", float("nan")),
        "stamp_error_p99_ms": told.get("lag_p99_ms", float("nan")),
    }
    return Row(case, CLIENT, figures, done.conditions)
