"""Five minutes of chart rows as they look in a show, for pages that stand still."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gtc_panel.bridge import ChartRow, Marker
from tests.browser.still_demo import NOON

BEGIN_MS = round(NOON.timestamp() * 1000) + 60_000
SECONDS = 300

Dot = tuple[int, float, int]
Scenario = tuple[list[ChartRow], list[Marker], list[Dot]]
Curve = Callable[[int], float | None]


def five_minutes(
    ttft_s: Curve,
    itl_ms: Curve,
    phases: Sequence[tuple[int, str]] = ((0, "BALANCED"),),
    light: Callable[[int], str] = lambda _: "green",
) -> list[ChartRow]:
    """One row a second; p50 and p99 follow p95, which is None where nothing is known."""
    made = []
    for second in range(SECONDS):
        ttft, itl = ttft_s(second), itl_ms(second)
        phase = next(name for begin, name in reversed(phases) if begin <= second)
        made.append(
            ChartRow(
                BEGIN_MS + second * 1000,
                None if ttft is None else ttft * 0.45,
                ttft,
                None if itl is None else itl * 0.8,
                itl,
                phase,
                None if itl is None else 9000 / itl,
                None if ttft is None else ttft * 1.2,
                None if itl is None else itl * 1.3,
                light(second),
            )
        )
    return made


def marker(second: int, kind: str) -> Marker:
    return Marker(BEGIN_MS + second * 1000, kind, f"{kind} at {second} s")


def idle() -> Scenario:
    return five_minutes(lambda _: None, lambda _: None, [(0, "")]), [], []


def balanced() -> Scenario:
    """A load that begins after a minute, its first seconds slow."""

    def itl_ms(second: int) -> float | None:
        return None if second < 60 else 81.0 if second < 64 else 22 + math.sin(second)

    rows = five_minutes(
        lambda s: None if s < 60 else 1.6 + 0.4 * math.sin(s / 9),
        itl_ms,
        [(0, ""), (60, "BALANCED")],
    )
    return rows, [], _dots(lambda s: 0.4 + 0.5 * (s % 5) / 5, range(60, SECONDS))


def climb(top_s: float) -> Scenario:
    """PREFILL_STRESS and its recovery, up to `top_s`; workers are ordered long before."""

    def ttft_s(second: int) -> float:
        if second < 90:
            return 2.5
        if second < 210:
            return 2.5 + (top_s - 2.5) * (second - 90) / 120
        return max(2.6, top_s - (second - 210) * top_s / 15)

    phases = [(0, "KV_CACHE_DEMO"), (80, "PREFILL_STRESS"), (185, "PREFILL_RECOVERY")]
    rows = five_minutes(ttft_s, lambda s: 23 + math.sin(s), phases)
    marks = [marker(60, "scale"), marker(185, "ready")]
    return rows, marks, _dots(lambda s: ttft_s(s) * (0.3 + (s * 7 % 10) / 12), range(SECONDS))


def decode_stress() -> Scenario:
    phases = [(0, "PREFILL_RECOVERY"), (40, "DECODE_STRESS"), (160, "DECODE_RECOVERY")]
    rows = five_minutes(
        lambda s: 1.2 + 0.2 * math.sin(s / 7),
        lambda s: (
            24.0 if s < 45 else 24 + (s - 45) * 0.5 if s < 165 else max(26.0, 84 - (s - 165) * 4)
        ),
        phases,
    )
    marks = [marker(20, "scale"), marker(160, "ready"), marker(163, "scale"), marker(290, "ready")]
    return rows, marks, _dots(lambda s: 0.3 + (s * 7 % 10) / 10, range(SECONDS), a_second=8)


def restart() -> Scenario:
    """Nobody looked for 40 s, and the client was late for a while."""
    rows = five_minutes(
        lambda s: 1.5, lambda s: 24 + math.sin(s), [(0, "BALANCED")],
        lambda s: "amber" if 200 <= s < 240 else "red" if 240 <= s < 250 else "green",
    )  # fmt: skip
    return rows[:100] + rows[140:], [marker(145, "scale"), marker(148, "ready")], []


def _dots(ttft_s: Callable[[int], float], seconds: range, a_second: int = 1) -> list[Dot]:
    return [
        (
            BEGIN_MS + second * 1000 + part * 1000 // a_second,
            ttft_s(second + part),
            (second + part) % 4,
        )
        for second in seconds
        for part in range(a_second)
    ]


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "idle": idle,
    "balanced": balanced,
    "climb": lambda: climb(16.0),
    "beyond": lambda: climb(27.5),
    "decode_stress": decode_stress,
    "restart": restart,
}
