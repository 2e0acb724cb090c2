"""What the verbs make of the answers of a panel."""

import io
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gtc_cli.show.status_screen import screen
from gtc_cli.show.view_lines import status_lines
from gtc_cli.target.panel_key import known_here
from gtc_runtime.load.records import STAT_KEYS
from gtc_runtime.settings import read
from gtc_runtime.told import ClaimView, ControlView, NextView, SentenceView
from gtc_runtime.view import (
    DemoView,
    EventView,
    Goals,
    LoadView,
    PhaseView,
    PodView,
    PoolView,
    Quantiles,
    StaleView,
    WorkloadView,
)
from tests.unit.cli.conftest import Call


def view(**changes: Any) -> dict[str, Any]:
    """A view as a panel sends it."""
    fields: dict[str, Any] = {
        "environment": "prod",
        "digest": "0123456789ab",
        "cluster": "Rehearsal",
        "at": "2026-03-01T12:00:00+00:00",
        "uptime_s": 5.0,
        "mode": "auto",
        "holder": "panel@host",
        "phase": PhaseView("PREFILL_RECOVERY", "settle", 4, 3.0, 42.0),
        "strip": (),
        "goals": Goals(4000, 30),
        "load": LoadView(
            running=True, rps=1.15, mix={"chat": 50, "summarization": 0, "reasoning": 50}
        ),
        "workloads": {key: WorkloadView() for key in STAT_KEYS},
        "pools": (
            PoolView("prefill", 4, 2, 2, 0, "insufficient gpu"),
            PoolView("decode", 3, 3, 0, 1),
        ),
        "gpus_total": 8,
        "pods": (
            PodView("p-0", "prefill", "ready", "node-1"),
            PodView("p-1", "prefill", "pending", "", "insufficient gpu"),
            PodView("d-0", "decode", "draining", "node-1"),
        ),
        "keda": "paused-by-us",
        "keda_detail": "",
        "cluster_age_s": 0.5,
        "load_age_s": 0.2,
        "events": (),
    }
    return DemoView(**(fields | changes)).to_json()


class Answers(BaseHTTPRequestHandler):
    """Answers every request with what the server holds and keeps what was asked."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        server: Any = self.server
        server.asked.append((self.command, self.path, json.loads(body) if body else None))
        server.agent = self.headers["user-agent"]
        server.authorization = self.headers["authorization"]
        may = server.key is None or self.headers["authorization"] == f"Bearer {server.key}"
        self.send_response(server.status if self.command == "GET" or may else 401)
        self.send_header("content-length", str(len(server.body)))
        if server.location:
            self.send_header("location", server.location)
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def panel() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.status, server.body, server.asked = 200, json.dumps(view()).encode(), []
    server.key, server.location = None, ""
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("status", ("GET", "/api/status", None)),
        ("start", ("POST", "/api/workload/start", {})),
        (
            "start --rps 2.5 --mix 50,25,25",
            ("POST", "/api/workload/start", {"rps": 2.5, "mix": "50/25/25"}),
        ),
        ("stop", ("POST", "/api/workload/stop", None)),
        ("auto", ("POST", "/api/scenario/auto", {"once": False, "take_over": False})),
        ("auto --once", ("POST", "/api/scenario/auto", {"once": True, "take_over": False})),
        (
            "auto --take-over",
            ("POST", "/api/scenario/auto", {"once": False, "take_over": True}),
        ),
        ("manual", ("POST", "/api/scenario/manual", None)),
        ("reset", ("POST", "/api/reset", None)),
        ("hold", ("POST", "/api/scenario/hold", {"on": True})),
        ("go-on", ("POST", "/api/scenario/hold", {"on": False})),
        ("extend", ("POST", "/api/scenario/extend", None)),
        ("next", ("POST", "/api/scenario/next", None)),
        ("resume", ("POST", "/api/scenario/resume", None)),
        ("undo", ("POST", "/api/workload/undo", None)),
    ],
)
def test_a_verb_ends_with_one_request_and_prints_what_came_of_it(
    gtc: Call, panel: Any, command: str, asked: tuple[str, str, Any]
) -> None:
    told = gtc(*command.split(), "--url", panel.url + "/")

    assert panel.asked[-1] == asked
    assert panel.agent.startswith("gtc/")
    assert told.code == 0
    assert told.out.splitlines()[0] == "Rehearsal prod (0123456789ab)"


def test_a_panel_with_a_key_is_shown_the_one_that_this_machine_keeps_or_names(
    gtc: Call, panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.key = "kept-in-the-state-directory"
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "panel-key").write_text(f"{panel.key}\n")
    where = ("--url", panel.url, "--state-dir", str(tmp_path / "state"))

    assert gtc("reset", *where).code == 0
    panel.key = "given-by-a-variable"
    monkeypatch.setenv("GTC_PANEL_KEY", panel.key)
    assert gtc("reset", *where).code == 0


def test_the_key_goes_to_nobody_who_does_not_ask_for_it(
    gtc: Call, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_PANEL_KEY", "given-by-a-variable")

    assert gtc("stop", "--url", panel.url).code == 0
    assert panel.authorization is None


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.8.9.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://LOCALHOST:8080", True),
        (f"http://{socket.gethostname()}:8080", True),
        ("http://192.0.2.7:8080", False),
        ("http://[2001:db8::7]:8080", False),
        ("https://panel.example", False),
        ("http://localhost.example:8080", False),
        ("http://127.0.0.1@panel.example:8080", False),
        ("http://2130706433.example:8080", False),
    ],
)
def test_the_key_that_a_panel_of_this_machine_keeps_goes_to_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, goes: bool
) -> None:
    monkeypatch.delenv("GTC_PANEL_KEY", raising=False)
    (tmp_path / "panel-key").write_text("kept-for-this-machine\n")
    settings = read(state_dir=tmp_path)

    assert known_here(settings, url) == ("kept-for-this-machine" if goes else "")


@pytest.mark.parametrize("verb", ["status", "stop"])
def test_nobody_is_followed_to_another_address(gtc: Call, panel: Any, verb: str) -> None:
    panel.status, panel.location = 307, f"{panel.url}/elsewhere"

    told = gtc(verb, "--url", panel.url)

    assert told.code == 3
    assert told.error == f"{panel.url} answers that the panel is at '{panel.location}'"
    assert "/elsewhere" not in {path for _, path, _ in panel.asked}


def test_without_the_key_the_panels_words_are_told(gtc: Call, panel: Any, tmp_path: Path) -> None:
    panel.key, panel.body = "unknown", b'{"error": "pressing needs the key", "hint": "log in"}'

    told = gtc("reset", "--url", panel.url, "--state-dir", str(tmp_path))

    assert (told.code, told.error, told.hint) == (1, "pressing needs the key", "log in")


@pytest.mark.parametrize(
    ("control", "line"),
    [
        (ControlView(), "scaled  by ?"),
        (ControlView("KEDA"), "scaled  by KEDA"),
        (
            ControlView("SCENARIO", "", "gtc 10.0.0.7"),
            "scaled  by SCENARIO, ordered by gtc 10.0.0.7",
        ),
        (
            ControlView(holding=True),
            "phase   PREFILL_RECOVERY (settling), stands still with 42 s left",
        ),
        (
            ControlView(next=NextView("DECODE_STRESS", 48.2)),
            "next    DECODE_STRESS, workers ready in 48 s",
        ),
        (ControlView(next=NextView("DECODE_STRESS", 0.0)), "next    DECODE_STRESS, workers ready"),
        (
            ControlView(next=NextView("DECODE_STRESS", None)),
            "next    DECODE_STRESS, workers not ready yet",
        ),
        (ControlView(resume_s=7.4), "next    gtc resume goes on with the show, for 7 s"),
        (ControlView(undo="0.8 rps, 40/30/30"), "next    gtc undo brings back 0.8 rps, 40/30/30"),
    ],
)
def test_status_says_who_drives_and_what_may_be_ordered(control: ControlView, line: str) -> None:
    assert line in status_lines(view(control=control))


def test_status_says_since_when_by_the_clock_of_this_machine() -> None:
    at = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
    lines = status_lines(view(control=ControlView("KEDA", at.isoformat())))

    assert f"scaled  by KEDA since {at.astimezone():%H:%M:%S}" in lines


def test_json_prints_the_view_as_it_came(gtc: Call, panel: Any) -> None:
    assert gtc("status", "--json", "--url", panel.url).json == json.loads(panel.body)


def test_the_variable_finds_the_panel_and_the_flag_wins(
    gtc: Call, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_URL", panel.url)
    assert gtc("status").code == 0

    monkeypatch.setenv("GTC_URL", "http://127.0.0.1:1")
    assert gtc("status").code == 3
    assert gtc("status", "--url", panel.url).code == 0


def test_a_running_rehearsal_is_found_by_its_notes(gtc: Call, panel: Any, tmp_path: Any) -> None:
    (tmp_path / "notes").mkdir()
    notes = {"env": "prod", "kubeconfig": "k", "urls": {"panel": panel.url}}
    (tmp_path / "notes" / "rehearsal.json").write_text(json.dumps(notes))

    assert gtc("status", "--state-dir", "notes").code == 0


@pytest.mark.parametrize(
    ("status", "code"), [(409, 1), (422, 2), (503, 1), (500, 1)], ids=lambda value: str(value)
)
def test_a_refusal_is_told_in_the_panels_own_words(
    gtc: Call, panel: Any, status: int, code: int
) -> None:
    panel.status = status
    panel.body = b'{"error": "cannot start while the scenario drives", "hint": "go manual"}'

    told = gtc("start", "--url", panel.url)

    assert (told.error, told.hint) == ("cannot start while the scenario drives", "go manual")
    assert told.code == code


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b'{"no": "error"}', b"\xff"])
def test_a_refusal_in_other_words_is_told_with_its_status(
    gtc: Call, panel: Any, body: bytes
) -> None:
    panel.status, panel.body = 502, body

    told = gtc("stop", "--url", panel.url)

    assert told.code == 1
    assert told.error.startswith("the panel answered 502")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"object": "list"}', b"null", b"\xff"])
def test_an_answer_that_is_no_view_is_not_taken_for_one(gtc: Call, panel: Any, body: bytes) -> None:
    panel.body = body

    told = gtc("status", "--url", panel.url)

    assert told.code == 3
    assert told.error == f"{panel.url} answers, but it is no gtc panel"


def as_sent_before(sent: Any) -> Any:
    """What a panel of an older image sends: nothing of what views have had added since."""
    added = {
        "claims", "control", "previous", "recorded", "ending", "sentence", "tpot", "good_rps",
        "p99_ms", "followups", "dots", "answer", "actor", "failed_recent",
    }  # fmt: skip
    match sent:
        case dict():
            return {name: as_sent_before(each) for name, each in sent.items() if name not in added}
        case list() | tuple():
            return [as_sent_before(each) for each in sent]
    return sent


def test_a_panel_of_an_older_image_is_shown_with_what_it_does_not_say_as_unknown(
    gtc: Call, panel: Any
) -> None:
    old = as_sent_before(view(events=(EventView("2026-03-01T12:00:00+00:00", "info", "began"),)))
    panel.body = json.dumps(old).encode()
    told = gtc("status", "--url", panel.url)
    drawn = Console(width=140, record=True, file=io.StringIO())
    drawn.print(screen(old, ""))

    assert told.code == 0
    assert "scaled  by ?" in told.out.splitlines()
    assert "began" in drawn.export_text()


# -- the lines of status -------------------------------------------------------------------------


def lines(**changes: Any) -> list[str]:
    return status_lines(view(**changes))


def line(head: str, **changes: Any) -> str:
    return next(each for each in lines(**changes) if each.startswith(head))


def test_status_names_mode_keda_and_the_holder_of_the_lease() -> None:
    assert line("mode") == "mode    auto, keda paused-by-us, lease panel@host"
    assert line("mode", holder="") == "mode    auto, keda paused-by-us"


def test_status_says_when_the_phase_ends_and_that_it_settles() -> None:
    assert line("phase") == "phase   PREFILL_RECOVERY (settling), ends in 42 s"
    assert line("phase", phase=PhaseView()) == "phase   IDLE"


def test_status_says_why_a_worker_is_pending() -> None:
    assert line("prefill") == "prefill 2 ready of 4 desired, 2 pending (insufficient gpu)"
    assert line("decode") == "decode  3 ready of 3 desired, 1 draining"


def test_status_shows_what_nobody_knows_as_a_question_mark_and_not_as_zero() -> None:
    assert line("prefill", pools=(PoolView("prefill"),)) == "prefill ? ready of ? desired"


def test_status_shows_latencies_in_the_unit_that_reads_well() -> None:
    every = WorkloadView(ttft=Quantiles(3, 640.0, 2512.0), itl=Quantiles(9, 21.44, None))
    workloads = dict.fromkeys(STAT_KEYS, every)

    assert line("TTFT", workloads=workloads) == (
        "TTFT    p50 640 ms, p95 2.51 s (goal 4.00 s), p99 no data"
    )
    assert line("ITL", workloads=workloads) == (
        "ITL     p50 21.4 ms, p95 no data (goal 30.0 ms), p99 no data"
    )


def test_status_shows_goodput_and_whether_the_client_can_be_trusted() -> None:
    workloads = dict.fromkeys(STAT_KEYS, WorkloadView(goodput=0.984, good_rps=0.733))
    red = LoadView(
        mix={"chat": 50, "summarization": 0, "reasoning": 50},
        light="red",
        light_reason="requests are sent late: 120 ms",
        stamp_source="kernel",
    )

    assert line("goodput") == (
        "goodput no data of the requests due in the last 30 s, – good answers a second"
    )
    assert line("goodput", workloads=workloads) == (
        "goodput 98.4 % of the requests due in the last 30 s, 0.73 good answers a second"
    )
    assert line("client") == "client  unknown: no word from the client"
    assert line("client", load=red) == (
        "client  red: client-limited: do not trust: requests are sent late: 120 ms (kernel time"
        " stamps)"
    )


def test_status_shows_the_mean_time_of_a_token_and_the_slow_end_of_every_latency() -> None:
    every = WorkloadView(tpot=Quantiles(40, 21.0, 24.0, 31.5, 0.99))

    assert line("TPOT", workloads=dict.fromkeys(STAT_KEYS, every)) == (
        "TPOT    p50 21.0 ms, p95 24.0 ms (goal 30.0 ms), p99 31.5 ms"
    )


def test_status_says_what_is_seen_and_what_was_measured() -> None:
    seen = PhaseView("BALANCED", index=0, sentence=SentenceView("Both goals hold.", "holds"))
    text = "TTFT p95 15.9 s → 2.60 s, 41 s after +2 prefill workers"
    claim = ClaimView("PREFILL_RECOVERY", "held", text, "6.1x", "", 0.9, 2.0)

    assert line("now", phase=seen) == "now     Both goals hold."
    assert line("now", phase=PhaseView(narration="look here")) == "now     look here"
    assert line("claim", claims=(claim,)) == f"claim   held      {text}"


def test_status_ends_with_the_problem_if_there_is_one() -> None:
    assert lines(problem="the cluster has not answered yet")[-1] == (
        "problem the cluster has not answered yet"
    )
    assert not lines()[-1].startswith("problem")


def test_status_counts_nothing_that_nobody_knows() -> None:
    shown = lines(pools=(PoolView("prefill"), PoolView("decode")), pods=(), load=LoadView())

    assert "load    off (0 rps chosen) 0/0/0, – in flight (– waiting, – streaming)" in shown
    assert "slots   ? of 8 in use" in shown


def test_status_tells_every_pod_the_gpus_in_use_and_the_cost() -> None:
    shown = lines()
    assert "slots   2 of 8 in use" in shown
    assert "  p-1  pending: insufficient gpu" in shown
    assert "  d-0  draining on node-1" in shown
    assert "cost    nothing, this is a rehearsal" in shown
    assert "cost    about 35.87 USD an hour" in lines(usd_h=35.872)
    assert lines(ending="5 min left")[-1] == "end     5 min left"


def test_the_live_screen_shows_the_same_and_says_when_it_is_not_the_present() -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(screen(view(), "the panel does not answer"))
    text = console.export_text()
    for words in ("workers, 2 of 8 in use", "A chat, turn 2+", "the panel does not answer", "p-1"):
        assert words in text
    assert "–" in text


def test_the_live_screen_is_for_people_only(gtc: Call) -> None:
    assert gtc("status", "--watch", "--json").code == 2


def rehearsal_with(panel: Any, **report: list[str]) -> None:
    """A rehearsal that runs here, whose panel answers with a report."""
    told = {"done": [], "failed": [], "already": [], "left": [], **report}
    panel.body = json.dumps({**view(), **told}).encode()
    Path(".gtc").mkdir()
    notes = {"env": "dev", "kubeconfig": "/nowhere/kubeconfig", "urls": {"panel": panel.url}}
    Path(".gtc/rehearsal.json").write_text(json.dumps(notes))


def test_safe_is_done_by_a_panel_that_lives(gtc: Call, panel: Any) -> None:
    rehearsal_with(panel, done=["load off"], already=["keda scales"])

    told = gtc("safe")

    assert told.code == 0
    assert told.out.splitlines() == ["done: load off", "already so: keda scales"]
    assert [each[:2] for each in panel.asked] == [("GET", "/api/status"), ("POST", "/api/safe")]
    assert gtc("safe", "--json").json["by"] == "panel"


def test_safe_says_when_nothing_had_to_be_done(gtc: Call, panel: Any) -> None:
    rehearsal_with(panel, already=["load off"])

    assert gtc("safe").out.splitlines()[0] == "everything was safe already"


@pytest.mark.parametrize("trouble", ["failed", "locked", "old", "dead"])
def test_safe_passes_over_a_panel_that_cannot_do_it(gtc: Call, panel: Any, trouble: str) -> None:
    rehearsal_with(panel, failed=["keda resumed: forbidden"] if trouble == "failed" else [])
    if trouble == "locked":
        panel.key = "somebody else's"
    elif trouble == "old":
        panel.body = json.dumps(view()).encode()
    elif trouble == "dead":
        panel.server_close()

    told = gtc("safe")

    assert "\nnot by the panel, by Kubernetes alone: " in told.err
    assert told.code == 3  # and that is not there either
    assert "/nowhere/kubeconfig" in told.error


def drawn(shown: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=140, force_terminal=True).print(shown)
    return out.getvalue()


def test_status_names_stale_sources_with_their_ages() -> None:
    old = view(stale=(StaleView("cluster", 23.4), StaleView("load", 40.0)))

    lines = status_lines(old)

    assert "stale   cluster 23 s old, load 40 s old" in lines
    assert "cluster 23 s old, load 40 s old" in drawn(screen(old, ""))
    assert not [line for line in status_lines(view()) if line.startswith("stale")]


def test_what_is_blank_is_a_dash_and_never_0_in_a_terminal() -> None:
    blank = WorkloadView(due=None, ok=None, shed=None, failed=None, failed_recent=None)
    told = drawn(screen(view(workloads=dict.fromkeys(STAT_KEYS, blank)), ""))
    rows = [line for line in told.splitlines() if "A chat" in line or " all " in line]
    assert rows
    for row in rows:
        assert "–" in row
        assert not {"0", "None"} & set(row.split())


def test_a_live_view_that_hears_nothing_greys_after_15_s_and_is_blank_after_60_s() -> None:
    told, fresh = view(), drawn(screen(view(), "gone"))
    assert drawn(screen(told, "gone", 15.0)) == fresh
    stale = drawn(screen(told, "gone", 15.1))
    assert stale.count("\x1b[2") > fresh.count("\x1b[2") + 5
    assert "the panel has said nothing for 15 s" in stale
    blank = drawn(screen(told, "the panel does not answer", 60.1))
    assert "no figures, the last ones are 60 s old" in blank
    assert "prefill" not in blank
