"""What the benchmark makes of its rows: pure arithmetic, no server."""

import json

import numpy as np
import pytest

from tests.bench.load import gates, machine, steady, truth
from tests.bench.load.measured import Conditions, Row, Run, Sample, best_of
from tests.bench.load.report import Report
from tests.bench.load.server import Answer
from tests.bench.load.truth import Seen

QUIET = Conditions(foreign_share=0.02, steal_share=0.0, late_p99_ms=0.5, blocked=0)
NOISY = Conditions(foreign_share=0.4, steal_share=0.0, late_p99_ms=0.5, blocked=0)
MS = 1_000_000


def row(conditions=QUIET, client=gates.ENGINE, case="paced 1000", **figures):
    return Row(case, client, figures, conditions)


def answer(serial, received_ms, first_ms):
    return Answer(serial, 2, 2, received_ms * MS, first_ms * MS, (first_ms + 20) * MS, 0)


def verdict(rows, name):
    return next(each for each in gates.judge(rows, ["aiperf 0.13.0"]) if each.name == name)


def test_a_gate_is_judged_by_the_median_of_the_rows_that_count():
    rows = [row(delivered=value) for value in (0.99, 0.98, 0.5)] + [row(NOISY, delivered=0.1)]

    found = verdict(rows, "delivered at 1000 streams")

    assert (found.value, found.passed) == (98, True)


def test_a_gate_without_a_row_is_not_passed():
    found = verdict([row(NOISY, delivered=1.0)], "delivered at 1000 streams")

    assert not found.judged
    assert not found.passed


def test_ratios_are_to_the_rows_of_the_same_run():
    rows = [row(cpu_ms_per_1000=14.0), row(client=gates.LIMIT, cpu_ms_per_1000=7.0)]

    assert verdict(rows, "CPU at 1000 streams, of the C client's").value == 2.0


def test_a_steady_gate_holds_in_nine_of_ten_repetitions_that_count():
    def found(*late_ms):
        rows = [row(case="rate 300", schedule_error_p99_ms=each) for each in late_ms]
        rows.append(row(NOISY, case="rate 300", schedule_error_p99_ms=9.0))
        return next(each for each in steady.judge(rows) if each.name.startswith("300 rps"))

    assert found(*[0.5] * 9, 7.6).passed
    assert "(median 0.5, worst 7.6 of 10)" in found(*[0.5] * 9, 7.6).name
    assert not found(*[0.5] * 8, 1.1, 7.6).passed
    assert not found().judged


def test_a_steady_gate_on_cpu_is_held_to_the_c_clients_median():
    limits = [row(client=gates.LIMIT, cpu_ms_per_1000=each) for each in (9.0, 10.0, 30.0)]
    engine = [row(cpu_ms_per_1000=each) for each in (13.9, 14.1)]

    def cpu(rows):
        return next(each for each in steady.judge(rows) if each.name.startswith("CPU at 1000"))

    assert cpu([*limits, *engine]).value == 50
    assert not cpu(engine).judged


def test_the_better_of_the_peers_is_the_one_to_beat():
    rows = [
        row(client=gates.ENGINE_CLOSED, case="firehose", chunks_per_s=200_000.0),
        row(client="aiperf 0.13.0", case="firehose", chunks_per_s=10_000.0),
        row(client="aiperf 0.13.0", case="firehose", chunks_per_s=16_000.0),
    ]

    assert verdict(rows, "firehose chunks/s, of the better peer's").value == 12.5


def test_a_disturbed_row_is_taken_again_and_the_quiet_one_used():
    rows = [row(NOISY, turn=1), row(turn=2), row(turn=3)]

    used, rejected = best_of(lambda: rows.pop(0), tries=3)

    assert used.figures["turn"] == 2
    assert [each.figures["turn"] for each in rejected] == [1]


def test_errors_are_what_the_client_says_minus_what_the_server_knows():
    answers = [answer(1, received_ms=100, first_ms=300)]
    arrivals = np.array([301 * MS, 325 * MS], dtype=np.int64)
    seen = [Seen(1, sent=100 * MS, first=302 * MS, arrivals=arrivals)]
    times = {1: np.array([300 * MS, 320 * MS], dtype=np.int64)}

    assert truth.ttft_errors_ms(seen, answers).tolist() == [2.0]
    assert truth.stamp_errors_ms(seen, times).tolist() == [1.0, 5.0]


def test_a_request_that_leaves_late_is_late_and_the_others_are_not():
    answers = [answer(n, received_ms=10 * n + (5 if n == 3 else 0), first_ms=0) for n in range(8)]

    errors_ms = truth.schedule_errors_ms(answers, rps=100)

    assert errors_ms.round(6).tolist() == [0, 0, 0, 5, 0, 0, 0, 0]
    assert truth.realised_rps(answers) == pytest.approx(100)


def test_steady_cpu_leaves_start_and_end_out():
    samples = [Sample(0, 5.0, 0), Sample(1, 6.0, 200), Sample(2, 7.0, 700), Sample(3, 9.0, 1000)]

    assert Run(0.0, samples=samples).cpu_ms_per_1000() == 2000.0


def test_a_report_names_what_was_left_out_and_is_valid_json():
    rows = [row(delivered=0.99), row(NOISY, delivered=0.1)]
    report = Report("2026-01-01", machine.described(), 1.0, rows, [], gates.judge(rows, []))

    page = report.to_markdown()

    assert "- paced 1000, gtc engine: others took 40% of the client's core" in page
    assert "| paced 1000 | gtc engine | 0.99 |" in page
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["rows"][1]["trouble"]
