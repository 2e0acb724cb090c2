"""What `gtc load run` refuses, before a single request of load is sent."""

import contextlib
import socket
import subprocess

import pytest

from gtc_cli.load import goals
from gtc_cli.load.probe import probe
from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.settings import RequestGoals
from gtc_spec.environment import ENVIRONMENTS
from gtc_spec.errors import GtcError, UnreachableError, UsageError
from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve

ALLOWED = f"allowed: {', '.join(ENVIRONMENTS)}"


KEY = "sk-very-secret"
RUN = "load run --url http://127.0.0.1:9 --model m --rps 5"
DEFAULT = RequestGoals(ttft_s=4, itl_s=0.03)


@pytest.fixture
def manners():
    with serve(Manners()) as running:
        yield running


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ("--rps -1", "rate -1 rps is out of range, allowed: above 0, up to 10000"),
        ("--rps 0", "rate 0 rps is out of range, allowed: above 0, up to 10000"),
        ("--rps nan", "rate nan rps is out of range, allowed: above 0, up to 10000"),
        (
            "--mix 40,30,40",
            "mix 40/30/40 adds up to 110, allowed: three shares that add up to 100",
        ),
        ("--mix half", "not a workload mix: 'half', allowed: three shares like 40/30/30"),
        ("--duration 0", "invalid value for '--duration': 0.0 is not in the range x>0"),
        ("--duration inf", "duration inf s is not allowed: it must end"),
        (
            "--slo fast",
            "not goals of a request: 'fast', allowed: ttft=2,itl=0.05"
            " (seconds; either may be left out)",
        ),
        ("--slo ttft=-2", "ttft=-2 is not a goal, allowed: seconds above 0"),
        (
            "--url localhost:8000",
            "not the address of a server: 'localhost:8000',"
            " allowed: http://host:port or https://host",
        ),
        ("--url http://me:pw@host", "an address with a password is not taken"),
        ("--api-key-env NO_SUCH_KEY", "the variable NO_SUCH_KEY holds no key"),
        ("--report r.pdf", "not a report: r.pdf, allowed: a name that ends in .json, .csv, .html"),
        ("--report no/r.json", "cannot write no/r.json: there is no directory no"),
        (
            "--export vllm:x",
            "not an export: 'vllm:x', allowed: aiperf:FILE.json or aiperf:FOLDER",
        ),
        ("--shards 0", "invalid value for '--shards': 0 is not in the range 1<=x<=64"),
        ("--env prdo", f"unknown environment 'prdo', {ALLOWED}"),
    ],
)
def test_a_flag_that_makes_no_sense_is_refused_in_one_line(gtc: Call, flags, error):
    told = gtc(*RUN.split(), *flags.split())
    assert (told.code, told.error) == (2, error)
    assert told.out == ""


def test_a_server_that_does_not_answer_ends_the_command_with_3(gtc: Call):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        told = gtc(*f"load run --url {url} --model m --rps 5".split())
    assert (told.code, told.error) == (3, f"no connection to {url}: connection refused")
    assert told.hint == "is the server running, and are host and port right?"


def test_a_model_that_is_not_served_is_named_with_those_that_are(manners: Manners):
    manners.models = ["llama-8b", "llama-70b"]
    with pytest.raises(UsageError, match="does not serve 'lama-70b', it serves: llama-8b") as told:
        probe.probe(manners.url, "lama-70b", "")
    assert told.value.hint == "did you mean llama-70b?"


def test_a_404_of_a_server_without_a_list_of_models_blames_model_or_address(manners: Manners):
    manners.models, manners.status = None, 404
    with pytest.raises(UsageError, match="has no model 'm' or no chat completions: 404 not today"):
        probe.probe(manners.url, "m", "")


def test_a_missing_key_is_asked_for(manners: Manners):
    manners.key = KEY
    with pytest.raises(UsageError, match="wants a key: 401") as told:
        probe.probe(manners.url, "m", "")
    assert told.value.hint == "--api-key-env NAME names the variable that holds the key"


def test_a_refused_key_is_not_repeated_even_when_the_server_does(manners: Manners):
    manners.key = "another"
    with pytest.raises(UsageError, match=r"refuses the key: 401 bad key: \*\*\*(?m:$)"):
        probe.probe(manners.url, "m", KEY)


def test_a_server_that_refuses_a_completion_is_quoted(manners: Manners):
    manners.status = 503
    with pytest.raises(GtcError, match="refuses a completion: 503 not today"):
        probe.probe(manners.url, "m", "")


def test_a_server_that_does_not_know_ignore_eos_is_measured_without_it(manners: Manners):
    assert probe.probe(manners.url, "m", "").dialect.ignore_eos
    manners.takes_ignore_eos = False
    assert probe.probe(manners.url, "m", "") == probe.ProbeResult(Dialect(ignore_eos=False))


def test_a_certificate_that_nobody_trusts_is_one_line(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
         certificate, "-days", "1", "-subj", "/CN=127.0.0.1"],
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with serve(Manners(), tls=(certificate, key)) as running:
        with pytest.raises(
            UnreachableError, match=r"no secure connection to .*: self-signed"
        ) as no:
            probe.probe(running.url, "m", "")
        assert no.value.hint == "--ca FILE trusts more certificates, --insecure any"
        assert probe.probe(running.url, "m", "", access=Access(insecure=True)).notice == ""


def test_https_to_a_server_that_speaks_http_says_so(manners: Manners):
    with pytest.raises(UnreachableError, match="no secure connection") as told:
        probe.probe(manners.url.replace("http:", "https:"), "m", "")
    assert told.value.hint == "does the server speak http:// instead of https://?"


@pytest.mark.parametrize("answer", [b"", b"220 ready\r\n", b"HTTP/1.1 banana\r\n\r\n"])
def test_something_that_is_no_web_server_does_not_answer(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        import threading

        def once() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(answer)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):  # what is left unread would be answered by a reset
                    pass

        thread = threading.Thread(target=once)
        thread.start()
        stack.callback(thread.join)
        with pytest.raises(UnreachableError, match="does not answer"):
            probe.probe(f"http://127.0.0.1:{listener.getsockname()[1]}", "m", "")


def test_a_goal_that_is_left_out_is_that_of_the_environment():
    assert goals.parse("ttft=2,itl=0.05", DEFAULT) == RequestGoals(ttft_s=2, itl_s=0.05)
    assert goals.parse("itl=0.05", DEFAULT) == RequestGoals(ttft_s=4, itl_s=0.05)


@pytest.mark.parametrize("text", ["", "ttft", "e2e=3", "ttft=1,ttft=2", "ttft=inf", "itl=nan,"])
def test_what_are_no_goals_is_refused(text):
    with pytest.raises(UsageError):
        goals.parse(text, DEFAULT)
