"""The end of a run on a terminal of 80 columns."""

from gtc_cli.load import summary
from gtc_cli.load.reports import report
from tests.unit.cli.load.test_reports import RED, finished

DOCUMENT = report.document(finished(RED))
LINES = list(summary.lines(DOCUMENT))


def test_no_line_of_figures_is_wider_than_80_columns():
    assert max(len(line) for line in LINES if not line.startswith("client")) <= 80


def test_only_workloads_that_had_requests_have_a_row_and_the_whole_comes_last():
    rows = [line.split("  ")[0] for line in summary.table(DOCUMENT["figures"])][1:]
    assert rows == ["summarization", "reasoning", "all"]


def test_both_throughputs_are_there_with_their_names():
    text = "\n".join(LINES)
    assert "while load was sent  2.00 requests/s, 20.0 output and 2,020 total tokens/s" in text
    assert "with the drain       2.09 requests/s, 17.4 output and 1,791 total tokens/s" in text
    assert "prompts mean 1,000, p95 1,000; answers mean 10, p95 10" in text
    assert "26 due = 24 ok + 1 failed + 1 shed in 10.0 s of load" in text
