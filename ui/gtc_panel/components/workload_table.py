"""One row a workload: first-token latency of turn 1 against later turns, and how requests ended."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import box, named, swap, tip, words
from gtc_runtime.formats import NO_DATA, latency, per_s, whole
from gtc_runtime.view import DemoView, WorkloadView, freshness


class WorkloadTable:
    """The table; every cell keeps its width."""

    def __init__(self) -> None:
        with named(box("card workloads").props("role=table"), text.WORKLOAD_TABLE) as self._box:
            with box("workloads-row").props("role=row"):
                words("", "cell-name").props("role=cell")
                for column in text.WORKLOAD_COLUMNS:
                    head = words(column, "cell muted").props("role=columnheader")
                    tip(head, text.COLUMN_TIPS.get(column, ""))
            self._rows = {key: _Row(key, title) for key, title in text.WORKLOAD_ROWS}

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.load_age_s)
        swap(self._box, "is-", fresh)
        for key, row in self._rows.items():
            row.show(None if fresh == "gone" else view.workloads.get(key))


class _Row:
    def __init__(self, key: str, title: str) -> None:
        with box("workloads-row").props("role=row"):
            self._name = words(title, f"cell-name row-{key}").props("role=rowheader")
            self._cells = [
                words(NO_DATA, f"cell row-{key}").props("role=cell").mark(f"{key}-{column}")
                for column in text.WORKLOAD_COLUMNS
            ]

    def show(self, workload: WorkloadView | None) -> None:
        for cell, written in zip(self._cells, cells(workload), strict=True):
            cell.set_text(written)
        tip(self._name, text.ended_well(whole(workload.ok)) if workload else "")
        failed = workload.failed_recent if workload else 0
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
        latency(workload.ttft.p99_ms).narrow,
        latency(workload.tpot.p50_ms).narrow,
        per_s(workload.good_rps),
        whole(workload.failed),
        whole(workload.shed),
    )
