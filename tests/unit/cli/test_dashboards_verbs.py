"""Where `gtc dashboards` finds Prometheus and Grafana, and what it says of them."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.unit.cli.conftest import Call

ROW = {"metric": {"pod": "a"}, "value": [0, "1"]}


class Prometheus(BaseHTTPRequestHandler):
    """Answers everything with one series, except what asks for the metric `missing`."""

    missing = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        (query,) = parse_qs(body)["query"]
        rows = [] if self.missing and self.missing in query else [ROW]
        answer = {"status": "success", "data": {"resultType": "vector", "result": rows}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def prometheus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Prometheus, "missing", "")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def rehearse(urls: dict[str, str]) -> None:
    """Leave the notes of a running rehearsal."""
    Path(".gtc").mkdir()
    notes = {"env": "prod", "kubeconfig": "k", "urls": {"panel": "http://127.0.0.1:1", **urls}}
    (Path(".gtc") / "rehearsal.json").write_text(json.dumps(notes))


def test_boards_that_are_fed_pass(gtc: Call, prometheus: str) -> None:
    told = gtc("dashboards", "check", "--prometheus", prometheus)

    assert told.code == 0
    assert told.out.strip().endswith("answers")


def test_a_panel_without_data_is_named_and_fails(
    gtc: Call, prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prometheus, "missing", "gtc_goal_seconds")
    told = gtc("dashboards", "check", "--prometheus", prometheus)

    assert told.code == 1
    assert re.search(r"RED +demo / Time to first token +no series gtc_goal_seconds", told.out)


def test_what_a_rehearsal_cannot_have_is_no_failure(
    gtc: Call, prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse({"prometheus": prometheus})
    monkeypatch.setattr(Prometheus, "missing", "DCGM_FI")
    told = gtc("dashboards", "check", "--json")

    states = {one["state"] for one in told.json["queries"]}
    assert told.code == 0
    assert states == {"answers", "not-applicable"}


def test_without_a_prometheus_it_says_how_to_get_one(gtc: Call) -> None:
    told = gtc("dashboards", "check")

    assert told.code == 3
    assert "no cluster" in told.error
    assert "make demo" in told.hint


def test_a_prometheus_that_is_away_is_unreachable(gtc: Call) -> None:
    told = gtc("dashboards", "check", "--prometheus", "http://127.0.0.1:1")

    assert told.code == 3
    assert "cannot reach prometheus at http://127.0.0.1:1" in told.error


def test_the_wall_opens_without_anything_around_it(gtc: Call) -> None:
    rehearse({"grafana": "http://127.0.0.1:3000"})
    wall = [line for line in gtc("dashboards", "open").out.splitlines() if "/gtc-demo/" in line]

    assert wall == ["http://127.0.0.1:3000/d/gtc-demo/x?kiosk&refresh=5s&from=now-15m&to=now"]


def test_the_stage_page_stands_in_for_a_grafana_that_is_not_there(gtc: Call) -> None:
    rehearse({})

    assert gtc("dashboards", "open").out.strip() == "http://127.0.0.1:1/stage"


def test_without_grafana_and_rehearsal_it_says_how_to_get_to_one(gtc: Call) -> None:
    told = gtc("dashboards", "open")

    assert told.code == 3
    assert "make kubeconfig ENV=prod" in told.hint
