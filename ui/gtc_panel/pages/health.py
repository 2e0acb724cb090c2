"""The page at ``/health``: every check of the preflight, as this panel can see it.

It looks when somebody opens it and every half minute while it is open; all who look share one
answer. It must not touch the demo.
"""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from gtc_panel import text, theme
from gtc_panel.components.basics import box, heading, named, words
from gtc_panel.components.presence import ages, watch
from gtc_panel.planned import as_ordered
from gtc_panel.port import PanelPort
from gtc_runtime.checks.health import PERIOD_S, Health
from gtc_runtime.formats import latency_s
from gtc_runtime.verdict import STATES, Report, Verdict
from gtc_runtime.view import DemoView
from gtc_spec import versions


def build(health: Health, panel: PanelPort) -> None:
    """Lay the page out; the checks follow when they are done."""
    ui.dark_mode(True)
    ui.add_css(theme.style_sheet())
    ui.add_head_html(f"<script>{theme.script()}</script>")
    with box("health"):
        with box("health-head"):
            heading(text.HEALTH_TITLE, "title", level=1)
            with named(ui.element("nav").classes("health-pages"), text.OTHER_PAGES):
                for path, name in text.PAGES[:2]:
                    ui.link(name, path)
        summary = heading(text.HEALTH_LOOKING, "health-summary").mark("health-summary")
        summary.props("aria-live=polite")
        counts = words("", "muted").mark("health-counts")
        with box("health-facts muted"):
            facts = words("").mark("health-facts")
            ages()
        table = named(box("card health-table").props("role=table"), text.HEALTH_CHECKS)

    async def look() -> None:
        report = await health.report()
        view, start_s = panel.view(), panel.environment.worker_start_s
        planned = [check for check in report.checks if as_ordered(check, view, start_s)]
        summary.set_text(said(report, planned))
        counts.set_text(counted(report, planned))
        table.clear()
        with table:
            _columns()
            for check in report.checks:
                _row(check, "starting" if check in planned else check.state)

    tell = watch()

    def say() -> None:
        # of the panel itself, also while the other pages show a recording
        view = panel.view()
        facts.set_text(what_runs(view))
        tell(view)

    ui.timer(1.0, say, immediate=True)
    ui.timer(PERIOD_S, look, immediate=True)


def said(report: Report, planned: Sequence[Verdict]) -> str:
    """The verdict; what the show has ordered does not make it a bad one."""
    ready = len(report.of("red")) == len(planned)
    ordered = f" · {text.HEALTH_ORDERED}" if planned else ""
    return f"{text.HEALTH_VERDICT[ready]}{ordered}"


def counted(report: Report, planned: Sequence[Verdict]) -> str:
    """How many checks are shown in each state, those that need a person first."""
    numbers: dict[text.Shown, int] = {state: len(report.of(state)) for state in STATES}
    numbers = {**numbers, "red": numbers["red"] - len(planned), "starting": len(planned)}
    told = ", ".join(f"{number} {state}" for state, number in numbers.items() if number)
    return f"{told} in {report.took_s:.1f}\u202fs"


def what_runs(view: DemoView) -> str:
    """Version, since when, how late its loop is and what it had to start again, one line."""
    died = {task: times for task, times in view.process.restarts.items() if times}
    causes = view.process.causes
    told = ", ".join(f"{task} {times} ({causes.get(task, '')})" for task, times in died.items())
    return text.HEALTH_FACTS.format(
        version=versions.GTC,
        up=_up(view.uptime_s),
        lag=latency_s(view.process.loop_lag_s),
        restarts=text.HEALTH_RESTARTS.format(tasks=told) if told else text.HEALTH_NO_RESTARTS,
    )


def _up(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _columns() -> None:
    with box("unseen").props("role=row"):
        for column in text.HEALTH_COLUMNS:
            words(column).props("role=columnheader")


def _row(check: Verdict, state: text.Shown) -> None:
    row = box(f"health-row health-{state}").mark(f"health {check.name}")
    with row.props("role=row"):
        words(text.HEALTH_SIGN[state], "health-sign").props("role=cell")
        words(check.name, "health-name").props("role=rowheader")
        with box("health-said").props("role=cell"):
            words(check.found)
            if check.state == "red" and check.expected:
                words(f"{text.HEALTH_EXPECTED}: {check.expected}", "muted")
            if state == "starting":
                words(text.HEALTH_ORDERED, "muted")
            elif check.hint:
                words(check.hint, "health-hint")
        words(f"{check.took_s:.1f} s", "muted health-took").props("role=cell")
