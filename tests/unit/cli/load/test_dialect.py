"""What is learnt about a server before the load, and that the load then asks like that."""

import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from gtc_cli.load.probe import probe
from gtc_cli.load.probe.ladder import Reply, agree
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.asking.endpoint import Endpoint, shown
from gtc_runtime.load.settings import Timeouts
from gtc_spec.errors import GtcError, UnreachableError, UsageError
from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve

BRIEF = Timeouts(connect_s=1, first_token_s=0.3, stall_s=1, whole_s=2)


@pytest.fixture
def manners():
    with serve(Manners()) as running:
        yield running


def has(*fields):
    return lambda body: any(name in body for name in fields)


def short(body):
    return (body.get("max_tokens") or body.get("max_completion_tokens")) < 16


def systems(body):
    return any(each["role"] == "system" for each in body["messages"])


REFUSALS = {
    "mistral": (
        422,
        lambda body: has("stream_options")(body),
        '[{"type":"extra_forbidden","loc":["body","stream_options"]}]',
        Dialect(usage="none"),
    ),
    "strict": (400, has("ignore_eos"), "unknown field ignore_eos", Dialect(ignore_eos=False)),
    "newer openai": (
        400,
        has("max_tokens"),
        "unsupported parameter: 'max_tokens'; use 'max_completion_tokens'",
        Dialect(length_field="max_completion_tokens"),
    ),
    "gateway with a least length": (
        400,
        short,
        "integer below minimum value: expected max_tokens >= 16",
        Dialect(tokens_min=16),
    ),
    "no system": (400, systems, "System role not supported", Dialect(system=False)),
    "a proxy that breaks": (
        500,
        has("ignore_eos"),
        "got an unexpected keyword argument 'ignore_eos'",
        Dialect(ignore_eos=False),
    ),
    "a proxy without words": (500, has("ignore_eos"), "oops", Dialect(ignore_eos=False)),
    "least length without words": (400, short, "bad request", Dialect(tokens_min=16)),
    "two things, one after the other": (
        400,
        lambda body: has("ignore_eos", "max_tokens")(body),
        "bad request",
        Dialect(
            ignore_eos=False, length_field="max_completion_tokens", usage="none",
            tokens_min=16, system=False,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_server_refuses_is_given_up_and_nothing_else(manners: Manners, name):
    status, refuses, said, learnt = REFUSALS[name]
    manners.refuses = lambda body: (status, said) if refuses(body) else None
    assert probe.probe(manners.url, "m", "") == probe.ProbeResult(learnt)


def test_the_load_asks_as_the_server_wants_it_and_the_report_says_so(gtc: Call, manners: Manners):
    manners.refuses = lambda body: (
        (400, "max_tokens is not supported")
        if "max_tokens" in body
        else (400, "ignore_eos is unknown")
        if "ignore_eos" in body
        else None
    )
    told = gtc(
        *f"load run --url {manners.url} --model m --rps 10 --duration 0.5 --mix 0/0/100".split(),
        *("--pacing", "constant", "--json"),
    )
    assert told.code == 0, told.err
    assert told.json["check"]["ok"] == told.json["check"]["due"] == len(manners.seen) > 0
    assert all("max_completion_tokens" in body for body in manners.seen)
    assert not any("ignore_eos" in body or "max_tokens" in body for body in manners.seen)
    assert told.json["run"]["dialect"] == {
        "ignore_eos": False, "usage": "end", "length_field": "max_completion_tokens",
        "tokens_min": 1, "system": True, "finish_reasons": True, "endpoint": "chat", "extra": {},
    }  # fmt: skip


def test_counts_in_every_frame_are_asked_for_only_where_they_are_given(manners: Manners):
    assert probe.probe(manners.url, "m", "").dialect.usage == "end"
    manners.running = True
    assert probe.probe(manners.url, "m", "").dialect.usage == "running"


def test_a_server_that_refuses_everything_is_quoted_with_its_first_words(manners: Manners):
    asked = []

    def never(body):
        asked.append(body)
        return 400, f"request {len(asked)}: the model is on fire"

    manners.refuses = never
    with pytest.raises(GtcError, match="refuses a completion: 400 request 1: the model is on fire"):
        probe.probe(manners.url, "m", "")
    assert len(asked) <= 10


def test_the_search_ends_whatever_a_server_says():
    asked = []

    def ask(dialect):
        asked.append(dialect)
        return Reply(400, f"{'x' * len(asked)} max_tokens system minimum")

    _, reply = agree(ask, Dialect(usage="running"))
    assert not reply.accepted
    assert len(asked) < 20


def test_a_model_that_is_served_but_not_listed_is_measured(manners: Manners):
    manners.models = ["wild/*"]
    manners.serves_any = True
    assert probe.probe(manners.url, "wild/one", "").dialect


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h:1", "/v1/chat/completions"),
        ("http://h/", "/v1/chat/completions"),
        ("http://h/v1/", "/v1/chat/completions"),
        ("http://h/x/v1", "/x/v1/chat/completions"),
        ("http://h/x", "/x/v1/chat/completions"),
        ("http://h/api/paas/v4", "/api/paas/v4/chat/completions"),
        ("http://h/v1beta/openai/", "/v1beta/openai/chat/completions"),
        ("http://h/api/v3", "/api/v3/chat/completions"),
        ("http://h/openai/deployments/d/chat/completions?api-version=1",
         "/openai/deployments/d/chat/completions?api-version=1"),
        ("http://h/v1/completions", "/v1/chat/completions"),
        ("http://h/v1?key=a%20b", "/v1/chat/completions?key=a%20b"),
    ],
)  # fmt: skip
def test_an_address_is_taken_as_it_is_given(url, path):
    assert Endpoint.of(url).path("chat/completions") == path


def test_the_other_parts_of_an_api_are_beside_the_one_that_was_given():
    endpoint = Endpoint.of("http://h/api/v3/chat/completions?a=1")
    assert endpoint.path("models") == "/api/v3/models?a=1"
    assert endpoint.path("completions") == "/api/v3/completions?a=1"


def test_an_address_is_shown_without_what_may_be_a_key():
    assert shown("http://h/v1?api-version=2&key=s3cret") == "http://h/v1?api-version=2&key=***"
    assert shown("http://h/v1") == "http://h/v1"


def test_probe_and_load_send_path_and_query_and_no_report_repeats_a_key(
    gtc: Call, manners: Manners, tmp_path
):
    url = f"{manners.url}/api/paas/v4?api-version=1&key=s3cret"
    told = gtc(
        *("load", "run", "--url", url, "--report", "r.json"),
        *[
            "--model",
            "m",
            "--rps",
            "10",
            "--duration",
            "0.5",
            "--pacing",
            "constant",
            "--mix",
            "0/0/100",
        ],
    )
    assert told.code == 0, told.err
    assert set(manners.paths) == {"/api/paas/v4/chat/completions?api-version=1&key=s3cret"}
    assert "s3cret" not in told.out + told.err + (tmp_path / "r.json").read_text()


def test_an_answer_whose_body_stays_open_is_an_answer(manners: Manners):
    manners.tail_s = 3.0
    begun_s = time.monotonic()
    probe.probe(manners.url, "m", "")
    assert time.monotonic() - begun_s < 2.5


@contextmanager
def peer(*says: bytes, wait_s: float = 0.0):
    """Something on a port that takes a request, waits, says these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for each in says:
                    connection.sendall(each)
                time.sleep(wait_s)

        thread = threading.Thread(target=once)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_silence_is_not_called_a_missing_server():
    with peer(wait_s=0.6) as url, pytest.raises(UnreachableError) as told:
        probe.probe(url, "m", "", BRIEF)
    assert told.value.message == f"{url} took the request and was silent for 0.3 s"
    assert "--first-token-timeout" in told.value.hint


def test_an_answer_that_is_cut_short_is_said_to_be():
    frame = json.dumps({"choices": [{"delta": {"content": "a"}, "finish_reason": None}]}).encode()
    begun = b"%x\r\ndata: %b\n\n\r\n" % (len(frame) + 8, frame)
    with peer(STREAM, begun) as url, pytest.raises(GtcError, match="cut its answer short") as told:
        probe.probe(url, "m", "", BRIEF)
    assert told.value.exit_code == 1


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"Content-Type: text/plain", "answers with text/plain, not with text/event-stream"),
        (b"Content-Type: text/event-stream\r\nContent-Encoding: gzip", r"packs its stream \(gzip"),
    ],
)
def test_a_form_that_cannot_be_measured_is_named(head, words):
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\nContent-Length: 0\r\n\r\n"
    with peer(answer) as url, pytest.raises(GtcError, match=words):
        probe.probe(url, "m", "", BRIEF)


def test_a_first_answer_that_ends_badly_is_a_notice_and_no_refusal():
    frames = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"abort"}]}\n\n'
    body = frames + b"data: [DONE]\n\n"
    with peer(STREAM, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)) as url:
        assert probe.probe(url, "m", "", BRIEF).notice == "its first answer ended with 'abort'"


def test_a_wrong_path_is_a_wrong_address(manners: Manners):
    manners.status = 404
    with pytest.raises(UsageError, match="has no model 'm' or no chat completions"):
        probe.probe(manners.url, "m", "")
