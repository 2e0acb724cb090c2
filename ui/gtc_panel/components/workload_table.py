"""One row a workload: first-token latency of turn 1 against later turns, and how requests ended."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import box, swap, tip, words
from gtc_panel.freshness import freshness
from gtc_runtime.formats import NO_DATA, latency, percent, whole
from gtc_runtime.view import DemoView, WorkloadView


class WorkloadTable:
    """The table; every cell keeps its width."""

    def __init__(self) -> None:
        with box("card workloads") as self._box:
            words("", "cell-name")
            for column in text.WORKLOAD_COLUMNS:
                head = words(column, "cell muted")
                if column == "good":
                    tip(head, text.GOODPUT)
            self._rows = {key: _Row(key, title) for key, title in text.WORKLOAD_ROWS}

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.load_age_s)
        swap(self._box, "is-", fresh)
        for key, row in self._rows.items():
            row.show(None if fresh == "gone" else view.workloads.get(key))


class _Row:
    def __init__(self, key: str, title: str) -> None:
        words(title, f"cell-name row-{key}")
        self._cells = [
            words(NO_DATA, f"cell row-{key}").mark(f"{key}-{column}")
            for column in text.WORKLOAD_COLUMNS
        ]

    def show(self, workload: WorkloadView | None) -> None:
        for cell, written in zip(self._cells, cells(workload), strict=True):
            cell.set_text(written)
        failed = workload.failed if workload else 0
        swap(
            self._cells[text.WORKLOAD_COLUMNS.index("failed")],
            "failed-",
            "some" if failed else "none",
        )


def cells(workload: WorkloadView | None) -> tuple[str, ...]:
    """The row of one workload, in the order of `text.WORKLOAD_COLUMNS`."""
    if workload is None:
        return (NO_DATA,) * len(text.WORKLOAD_COLUMNS)
    return (
        latency(workload.ttft.p50_ms).narrow,
        latency(workload.ttft.p95_ms).narrow,
        percent(workload.goodput, 0).narrow,
        whole(workload.ok),
        whole(workload.failed),
        whole(workload.shed),
    )
