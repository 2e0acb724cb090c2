"""The page at ``/health``: every check of the preflight, as this panel can see it.

It looks when somebody opens it and every half minute while it is open; all who look share one
answer. It must not touch the demo.
"""

from __future__ import annotations

from nicegui import ui

from gtc_panel import text, theme
from gtc_panel.components.basics import box, words
from gtc_runtime.checks.health import PERIOD_S, Health
from gtc_runtime.verdict import Report, Verdict


def build(health: Health) -> None:
    """Lay the page out; the checks follow when they are done."""
    ui.dark_mode(True)
    ui.add_css(theme.style_sheet())
    with box("health"):
        words(text.HEALTH_TITLE, "title")
        summary = words(text.HEALTH_LOOKING, "muted").mark("health-summary")
        table = box("card health-table")

    async def look() -> None:
        report = await health.report()
        summary.set_text(said(report))
        table.clear()
        with table:
            for check in report.checks:
                _row(check)

    ui.timer(PERIOD_S, look, immediate=True)


def said(report: Report) -> str:
    """The verdict in one line."""
    return f"{text.HEALTH_VERDICT[report.passed]}: {report.summary}"


def _row(check: Verdict) -> None:
    with box(f"health-row health-{check.state}").mark(f"health {check.name}"):
        words(text.HEALTH_SIGN[check.state], "health-sign")
        words(check.name, "health-name")
        with box("health-said"):
            words(check.found)
            if check.state == "red" and check.expected:
                words(f"{text.HEALTH_EXPECTED}: {check.expected}", "muted")
            if check.hint:
                words(check.hint, "health-hint")
        words(f"{check.took_s:.1f} s", "muted health-took")
