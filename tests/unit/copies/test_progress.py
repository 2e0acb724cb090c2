"""Progress tells bytes, speed and time left; what was there before makes no speed."""

import time

from gtc_runtime.copies.progress import Progress


def test_lines_come_at_their_interval_and_once_at_the_end() -> None:
    told: list[str] = []
    with Progress({"up": 2_000_000_000}, terminal=False, tell=told.append, line_s=0.05) as progress:
        progress.moved("up", 500_000_000)
        time.sleep(0.3)
    assert len(told) >= 2
    assert told[0].startswith("up 0.50 of 2.00 GB, ")
    assert told[0].endswith(" s left")


def test_what_was_there_before_counts_as_done_and_makes_no_speed() -> None:
    progress = Progress({"up": 2_000_000_000}, terminal=False)
    progress.found("up", 1_000_000_000)
    assert progress.line() == "up 1.00 of 2.00 GB"


def test_a_terminal_gets_bars() -> None:
    told: list[str] = []
    with Progress({"up": 10}, terminal=True, tell=told.append) as progress:
        progress.moved("up", 10)
    assert told[-1].startswith("up 0.00 of 0.00 GB")
