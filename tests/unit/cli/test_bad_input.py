"""Bad input to every verb: one line and a hint, the right exit code, never a traceback."""

import socket
from pathlib import Path

import pytest

from gtc_cli.main import main as cli_main
from gtc_spec.environment import ENVIRONMENTS
from tests.unit.cli.conftest import Call

ALLOWED = f"allowed: {', '.join(ENVIRONMENTS)}"


PANEL_VERBS = ("status", "start", "stop", "auto", "manual", "reset")


@pytest.mark.parametrize(
    ("command", "error", "hint"),
    [
        ("stauts", "unknown verb 'stauts'", "did you mean gtc status?"),
        ("frobnicate", "unknown verb 'frobnicate'", "gtc --help lists the verbs"),
        (
            "start --mix 50/50/50",
            "mix 50/50/50 adds up to 150, allowed: three shares that add up to 100",
            "",
        ),
        (
            "start --mix lots",
            "not a workload mix: 'lots', allowed: three shares like 40/30/30",
            "",
        ),
        ("start --rps many", "invalid value for '--rps': 'many' is not a valid float", ""),
        (
            "plan check --env prdo",
            f"unknown environment 'prdo', {ALLOWED}",
            "did you mean prod?",
        ),
        (
            "plan check --phases encore",
            "environments/prod.toml: phases: got encore, allowed: one of plan, show",
            "",
        ),
        (
            "plan check --seeds 0",
            "invalid value for '--seeds': 0 is not in the range 1<=x<=100",
            "",
        ),
        (
            "rehearse --env prodd",
            f"unknown environment 'prodd', {ALLOWED}",
            "did you mean prod?",
        ),
        ("rehearse --once", "--once needs --auto", "gtc rehearse --headless --auto --once"),
        (
            "rehearse --report r.json",
            "--report needs --once: only a run that ends has a report",
            "",
        ),
        (
            "rehearse --auto --once --report nowhere/r.json",
            "cannot write nowhere/r.json: there is no directory nowhere",
            "",
        ),
        (
            "rehearse --time-scale 0",
            "time scale 0 is out of range, allowed: above 0 up to 10",
            "",
        ),
        (
            "rehearse --port 65536",
            "environment: GTC_PORT: got 65536, allowed: input should be less than or equal to"
            " 65535",
            "",
        ),
        (
            "serve",
            "no frontend address",
            "set GTC_FRONTEND_URL, or use gtc rehearse on a laptop",
        ),
        (
            "serve --env prodd",
            f"unknown environment 'prodd', {ALLOWED}",
            "did you mean prod?",
        ),
        (
            "status --url nonsense",
            "not the address of a panel: 'nonsense', allowed: http://host:port",
            "",
        ),
        (
            "wait gpus",
            "invalid value for '{gpu|dynamo|workers|keda|panel}': 'gpus' is not one of 'gpu',"
            " 'dynamo', 'workers', 'keda', 'panel'",
            "",
        ),
        (
            "infra up",
            "no checkout of gtc-demo: neither {here} nor a folder above has cdktf.json",
            "",
        ),
        (
            "safe --env prodd",
            f"unknown environment 'prodd', {ALLOWED}",
            "did you mean prod?",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_with_a_hint_and_exits_2(
    gtc: Call, command: str, error: str, hint: str
) -> None:
    told = gtc(*command.split())

    error = error.replace("{here}", str(Path.cwd()))
    assert (told.code, told.error, told.hint, told.out) == (2, error, hint, "")
    assert len(told.err.splitlines()) == (2 if hint else 1)


@pytest.mark.parametrize(
    ("command", "error"),
    [("plan chek", "no such command 'chek'"), ("status --rps 1", "no such option '--rps'")],
)
def test_what_does_not_exist_is_named(gtc: Call, command: str, error: str) -> None:
    told = gtc(*command.split())

    assert told.code == 2
    assert told.error.startswith(error)


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http:/x", "ftp://x", "file:///etc/passwd", "http://x:99999", "http://:1"],
)
def test_an_address_that_is_none_is_a_usage_error(gtc: Call, url: str) -> None:
    told = gtc("status", "--url", url)

    assert told.code == 2
    assert told.error == f"not the address of a panel: {url!r}, allowed: http://host:port"


@pytest.mark.parametrize("verb", PANEL_VERBS)
def test_a_verb_that_needs_a_panel_says_that_none_is_known_and_exits_3(
    gtc: Call, verb: str
) -> None:
    told = gtc(verb)

    assert told.code == 3
    assert told.error == (
        "no panel known: no --url, no GTC_URL and no cluster: no KUBECONFIG, no rehearsal runs in "
        ".gtc and there is no .gtc/kubeconfig-prod"
    )
    assert told.hint == "make demo, or make kubeconfig ENV=prod for a deployed cluster"


@pytest.mark.parametrize("verb", PANEL_VERBS)
def test_a_panel_that_does_not_answer_is_told_in_one_line_and_exits_3(gtc: Call, verb: str) -> None:
    told = gtc(verb, "--url", "http://127.0.0.1:1")

    assert told.code == 3
    assert told.error.startswith("the panel at http://127.0.0.1:1 does not answer: ")
    assert told.hint == "is make demo running?"


def test_safe_without_a_cluster_exits_3(gtc: Call) -> None:
    told = gtc("safe")

    assert told.code == 3
    assert told.hint


@pytest.mark.parametrize("verb", ["safe", "guardian", "wait gpu"])
def test_a_kubeconfig_that_is_not_there_is_named_and_exits_3(
    gtc: Call, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/kubeconfig")

    told = gtc(*verb.split())

    assert told.code == 3
    assert "/nowhere/kubeconfig" in told.error


def test_a_port_that_is_taken_is_told_before_anything_starts(gtc: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        told = gtc("rehearse", "--port", str(port))

    assert told.code == 2
    assert told.error == f"port {port} on 127.0.0.1 is taken"
    assert told.hint == "--port 0 takes any free one"


@pytest.mark.parametrize(
    ("name", "value", "command", "error"),
    [
        ("GTC_ENV", "prodd", "plan check", f"unknown environment 'prodd', {ALLOWED}"),
        (
            "GTC_PORT",
            "abc",
            "status",
            "environment: GTC_PORT: got 'abc', allowed: input should be a valid integer, unable to"
            " parse string as an integer",
        ),
        (
            "GTC_LOG_LEVEL",
            "loud",
            "serve",
            "unknown log level 'loud', allowed: debug, info, warning, error",
        ),
        (
            "GTC_FRONTEND_URL",
            "nonsense",
            "serve --port 0",
            "not the address of a server: 'nonsense', allowed: http://host:port or https://host",
        ),
    ],
)
def test_a_broken_variable_is_told_in_one_line(
    gtc: Call, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: str, error: str
) -> None:
    monkeypatch.setenv(name, value)

    told = gtc(*command.split())

    assert (told.code, told.error) == (2, error)


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"urls": {}}',
        b'{"env": "prod", "kubeconfig": "k", "urls": []}',
        b'{"env": "prod", "kubeconfig": "k", "urls": {"panel": 5}}',
        b'{"kubeconfig": "k", "urls": {"panel": "http://127.0.0.1:1"}}',
    ],
)
@pytest.mark.parametrize("verb", ["status", "safe"])
def test_notes_of_a_rehearsal_that_are_broken_are_named_with_a_way_out(
    gtc: Call, verb: str, content: bytes
) -> None:
    Path(".gtc").mkdir()
    Path(".gtc/rehearsal.json").write_bytes(content)

    told = gtc(verb)

    assert told.code == 2
    assert ".gtc/rehearsal.json" in told.error
    assert told.hint == "remove it and start again"


def test_a_dotenv_file_that_cannot_be_read_is_told_in_one_line(gtc: Call) -> None:
    Path(".env").write_bytes(b"GTC_ENV=\xff\xfe\n")

    told = gtc("status")

    assert told.code == 2
    assert told.error.startswith("cannot read .env or secrets: ")


@pytest.mark.parametrize("command", ["", "plan"])
def test_a_bare_group_shows_its_help_as_it_is_written_and_exits_2(gtc: Call, command: str) -> None:
    told = gtc(*command.split())

    assert told.code == 2
    assert told.err.startswith("Usage: gtc")
    assert "error:" not in told.err


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        ("status", 3, "no panel known"),
        ("status --url http://127.0.0.1:1", 3, "does not answer"),
        ("status --url nonsense", 2, "not the address of a panel"),
        ("start --mix 1/2/3", 2, "adds up to 6"),
        ("start --rps many", 2, "is not a valid float"),
        ("plan check --env prdo", 2, "unknown environment"),
        ("plan check --seeds 0", 2, "is not in the range"),
        ("safe", 3, "no cluster"),
    ],
)
def test_an_error_is_json_as_well_when_json_was_asked_for(
    gtc: Call, command: str, code: int, error: str
) -> None:
    told = gtc(*command.split(), "--json")

    assert told.code == told.json["exit_code"] == code
    assert error in told.json["error"]
    assert isinstance(told.json["hint"], str)
    assert told.err == ""


def test_the_help_of_every_verb_fits_in_a_hundred_columns(gtc: Call) -> None:
    verbs = ("rehearse", "serve", "guardian", "safe", "plan check", *PANEL_VERBS)
    for verb in ("", *verbs):
        told = gtc(*verb.split(), "--help")
        assert told.code == 0
        assert max(len(line) for line in told.out.splitlines()) <= 100


def test_a_sign_that_a_terminal_cannot_write_or_would_obey_is_escaped(capsys):
    assert cli_main(["kubeconfig", "\udcff", "\x1b[2J"]) == 2

    told = capsys.readouterr().err
    assert r"\udcff" in told
    assert r"\x1b[2j" in told
