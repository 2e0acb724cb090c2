"""The server's own metrics beside the client's figures."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_cli.load.serverside.exposition import samples
from gtc_cli.load.serverside.names import COUNTED_HITS, GAUGES, TOLD_HITS
from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve

VLLM = """# HELP vllm:num_requests_waiting Waiting.
vllm:num_requests_waiting{{engine="0",model_name="m"}} {n}.0
vllm:num_requests_waiting{{engine="1",model_name="m"}} 2.0
vllm:num_requests_running{{engine="0"}} 5
vllm:kv_cache_usage_perc{{engine="0"}} 0.25
vllm:kv_cache_usage_perc{{engine="1"}} 0.75
vllm:prefix_cache_queries_total{{engine="0"}} {queries}
vllm:prefix_cache_hits_total{{engine="0"}} {hits}
"""


@contextmanager
def metrics(pages):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            data = (pages.pop(0) if len(pages) > 1 else pages[0]).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(gtc: Call, url: str, *more: str):
    with serve(Manners()) as server:
        return gtc(
            *("load", "run", "--url", server.url, "--model", "m", "--rps", "10"),
            *("--duration", "1.5", "--mix", "0/0/100", "--server-metrics", url, *more),
        )


def page(n, hits):
    return VLLM.format(n=n, queries=1000 + 2 * hits, hits=100 + hits)


def test_queue_kv_use_and_prefix_hits_stand_beside_the_figures(gtc: Call):
    with metrics([page(0, 0), page(4, 50), page(8, 100), page(1, 120)]) as url:
        told = run(gtc, url, "--json")
    server = told.json["server"]
    assert server["queued"]["before"] == 2
    assert server["queued"]["max"] == 10
    assert server["kv_use"]["mean"] == 0.5
    assert server["prefix_hit_share"] == 0.5
    assert server["names"]["queued"] == "vllm:num_requests_waiting"
    assert server["not_found"] == []


def test_a_server_that_tells_none_of_them_is_said_to_tell_none(gtc: Call):
    with metrics(["up 1\n"]) as url:
        told = run(gtc, url)
    assert told.code == 0
    assert "not told there: queued, running, kv_use, prefix_hit_share" in told.out
    assert "queued –; running –" in told.out


def test_metrics_that_are_not_there_end_the_command_before_any_load(gtc: Call):
    told = run(gtc, "http://127.0.0.1:9/metrics")
    assert told.code == 3
    assert "no metrics at http://127.0.0.1:9/metrics: connection refused" in told.err


def test_no_name_stands_in_the_table_twice():
    gauges = [name for names in GAUGES.values() for name in names]
    counted = [name for pair in COUNTED_HITS for name in pair]
    assert len(set(gauges)) == len(gauges)
    assert not set(gauges) & {*counted, *TOLD_HITS}


def test_labels_comments_and_no_numbers_are_taken_apart():
    text = '# TYPE a gauge\na{x="1 } 2"} 3\nb NaN\nb 4 1700000000\nc +Inf\nbroken\n'
    assert samples(text) == {"a": (3.0,), "b": (4.0,), "c": (float("inf"),)}


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_complaint(text):
    assert all(values for values in samples(text).values())


@pytest.mark.parametrize("name", ["dynamo_frontend_queued_requests", "llamacpp:requests_deferred"])
def test_other_servers_names_are_known(name):
    assert name in GAUGES["queued"]
