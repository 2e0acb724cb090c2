"""Every way to ask for load and for prompts, as a person types it."""

import json

import pytest

from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve


@pytest.fixture
def manners():
    with serve(Manners()) as running:
        yield running


def run(gtc: Call, manners: Manners, *words: str):
    told = gtc("load", "run", "--url", manners.url, "--model", "m", "--json", *words)
    assert told.code == 0, told.err
    return told.json


def test_so_many_requests_in_a_closed_loop(gtc: Call, manners: Manners):
    words = ("--concurrency", "3", "--requests", "20", "--mix", "0/50/50")
    told = run(gtc, manners, *words)
    assert told["check"]["due"] == told["check"]["ok"] == 20
    assert told["run"]["load"] == "3 open requests of 0/50/50"
    assert told["run"]["offered_rps"] is None


def test_a_warm_up_and_a_ramp_are_sent_and_not_counted(gtc: Call, manners: Manners):
    words = ("--rps", "20", "--pacing", "constant", "--mix", "0/0/100")
    told = run(gtc, manners, *words, "--ramp", "0.5", "--warmup", "0.5", "--duration", "1.5")
    assert told["check"]["holds"]
    assert told["check"]["due"] == pytest.approx(30, abs=2)
    assert len(manners.seen) >= told["check"]["due"] + 10
    assert told["run"]["length_s"] == pytest.approx(1.5, abs=0.3)


def test_headers_fields_and_endpoint_of_ones_own(gtc: Call, manners: Manners):
    words = ("--rps", "10", "--requests", "3", "--isl", "60", "--osl", "4")
    own = ("--header", "x-team: a b", "--extra-body", '{"temperature": 0}')
    run(gtc, manners, *words, *own, "--endpoint", "completions")
    assert {each["x-team"] for each in manners.headers} == {"a b"}
    assert set(manners.paths) == {"/v1/completions"}
    assert all(body["temperature"] == 0 for body in manners.seen)
    assert all(isinstance(body["prompt"], str) for body in manners.seen)


def test_prompts_of_a_file_with_their_turns(gtc: Call, manners: Manners, tmp_path):
    said = [{"from": "human", "value": "one?"}, {"from": "gpt", "value": "a"},
            {"from": "human", "value": "two?"}]  # fmt: skip
    (tmp_path / "p.jsonl").write_text(
        "\n".join(json.dumps(row) for row in ({"prompt": "zero?"}, {"conversations": said}))
    )
    words = ("--concurrency", "1", "--requests", "3", "--prompts", "p.jsonl", "--env", "dev")
    told = run(gtc, manners, *words, "--request-log", "log", "--export", "aiperf:out.jsonl")
    assert told["check"]["ok"] == 3
    assert told["figures"]["own"]["ok"] >= 2
    asked = [[each["content"] for each in body["messages"]] for body in manners.seen]
    assert asked[:2] == [["zero?"], ["one?"]]
    logged = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    exported = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [each["metadata"]["conversation_id"] for each in exported] == [
        each["conversation"] for each in logged
    ]


def test_a_trace_is_replayed_row_by_row(gtc: Call, manners: Manners, tmp_path):
    rows = [
        {"timestamp": 1000 + 40 * n, "input_length": 30 + n, "output_length": 5, "hash_ids": [0]}
        for n in range(20)
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    told = run(gtc, manners, "--trace", "t.jsonl", "--shards", "2", "--trace-speed", "2",
               "--request-log", "log")  # fmt: skip
    assert told["check"]["ok"] == 20
    assert told["run"]["length_s"] == pytest.approx(19 * 0.04 / 2, abs=0.1)
    due = [json.loads(line)["due_s"] for line in (tmp_path / "log").read_text().splitlines()]
    assert [round((at - due[0]) * 50) for at in due] == list(range(20))


def test_a_sweep_tells_every_load(gtc: Call, manners: Manners):
    told = run(gtc, manners, "--sweep", "concurrency:1,3", "--requests", "6", "--mix", "0/0/100")
    assert [point["load"] for point in told["points"]] == [1, 3]
    assert all(point["figures"]["ok"] == 6 for point in told["points"])


def test_a_search_that_finds_nothing_ends_with_1(gtc: Call, manners: Manners):
    told = gtc(
        *("load", "run", "--url", manners.url, "--model", "m", "--json", "--mix", "0/0/100"),
        *("--find-knee", "concurrency", "--requests", "2", "--slo", "ttft_p95=0.000001"),
    )
    assert told.code == 1
    assert told.json["search"]["words"] == "no load that was tried meets the goals"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "how much load? one of --rps, --concurrency, --trace, --sweep and --find-knee"),
        ("--rps 1 --concurrency 2", "given: --rps and --concurrency"),
        ("--rps 1 --isl 5", "--isl and --osl go together"),
        ("--rps 1 --isl x --osl 5", "--isl x is no length, allowed: MEAN or MEAN,STDDEV"),
        ("--rps 1 --isl 0 --osl 5", "--isl 0 is no length"),
        ("--rps 1 --isl 5 --osl 5 --mix 0/0/100", "--mix is of the three workloads"),
        ("--rps 1 --header x", "no header: 'x', allowed: 'NAME: VALUE'"),
        ("--rps 1 --header accept:x", "the header accept is set by the load itself"),
        ("--rps 1 --extra-body [1]", "--extra-body is not an object"),
        ("--rps 1 --extra-body {", "--extra-body is not JSON"),
        ("--concurrency 3000", "3000 open requests are more than 1000"),
        ("--sweep 1,x", "not a list of loads: '1,x', allowed: rates like 1,2,4,8"),
        ("--sweep concurrency:0", "not a list of loads"),
        ("--find-knee", "a search needs goals of a run"),
        ("--find-knee --slo isl_mean=5", "isl_mean is no goal"),
        ("--find-knee other --slo goodput=1", "--find-knee other is unknown"),
        ("--sweep 1 --fail-if light=red", "--fail-if goes with a single run"),
        ("--sweep 1 --report x.html", "--report in another form than .json goes with a single"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(gtc: Call, words, says):
    told = gtc("load", "run", "--url", "http://127.0.0.1:9", "--model", "m", *words.split())
    assert told.code == 2
    assert says in told.err
    assert "Traceback" not in told.err
