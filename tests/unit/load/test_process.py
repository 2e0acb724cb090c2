import asyncio
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.settings import check_url, settings_from
from gtc_spec.environment import load
from gtc_spec.errors import UnreachableError, UsageError
from gtc_spec.workloads import WorkloadMix

MIX = WorkloadMix(40, 30, 30)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@contextlib.asynccontextmanager
async def process(settings):
    child, book, snapshots = LoadProcess(), SliceBook(), []
    child.on_snapshot(book.add)
    child.on_snapshot(snapshots.append)
    await child.start(settings)
    try:
        yield child, book, snapshots
    finally:
        await child.stop()


async def until(condition, limit_s=8.0):
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.02)


async def hang(writer, body):
    writer.write(HEAD)
    await asyncio.sleep(20)


async def test_load_runs_in_a_process_of_its_own_and_reports(server, settings):
    async with process(settings(server.url)) as (child, book, snapshots):
        assert child.alive
        assert child.pid != os.getpid()
        await child.set_load(Rate(rps=40, mix=MIX, pacing="paced"))
        await until(lambda: book.totals()["all"].ok > 20)
        assert snapshots[-1].gauges.offered_rps == 40
        assert 0 <= time.monotonic() - snapshots[-1].at_s < 5
        assert book.window(time.monotonic() - 10, time.monotonic() + 1)["chat"].ok > 0
    assert not child.alive
    assert child.pid is None


async def test_the_load_process_goes_before_others_on_its_core_where_it_may(server, settings):
    trial = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
    may = subprocess.run([sys.executable, "-c", trial], stderr=subprocess.DEVNULL).returncode == 0
    async with process(settings(server.url)) as (child, _, _):
        policy = os.sched_getscheduler(child.pid)
    assert policy & ~os.SCHED_RESET_ON_FORK == (os.SCHED_RR if may else os.SCHED_OTHER)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


async def test_stopping_counts_what_was_open_as_cancelled(server, settings):
    server.script = hang
    limits = {"first_token_s": 30, "stall_s": 30, "whole_s": 30, "connect_s": 1}
    async with process(settings(server.url, timeouts=limits)) as (child, book, _):
        await child.set_load(Rate(rps=40, mix=MIX, pacing="constant"))
        await until(lambda: book.totals()["all"].due > 5)
        await child.stop()
    totals = book.totals()["all"]
    assert totals.failed["cancelled"] > 5
    assert totals.open == 0


async def test_cancel_ends_streams_and_leaves_the_process_alive(server, settings):
    server.script = hang
    async with process(settings(server.url)) as (child, book, snapshots):
        await child.set_load(Rate(rps=40, mix=MIX, pacing="constant"))
        await until(lambda: book.totals()["all"].due > 5)
        await child.set_load(Rate(rps=0, mix=MIX, pacing="constant"))
        await child.cancel()
        await until(lambda: snapshots[-1].gauges.in_flight == 0)
        assert child.alive


async def test_a_process_that_was_killed_can_be_started_again(server, settings):
    child = LoadProcess()
    await child.start(settings(server.url))
    os.kill(child.pid, 9)
    await until(lambda: not child.alive)
    with pytest.raises(UnreachableError, match="not running"):
        await child.set_load(Rate(rps=1, mix=MIX, pacing="paced"))
    await child.start(settings(server.url))
    assert child.alive
    await child.stop()


@pytest.mark.parametrize("said", [b"", b'{"settings":'], ids=["nothing", "half"])
def test_a_process_whose_parent_is_gone_before_it_has_said_all_ends_without_a_word(said):
    found = subprocess.run(
        [sys.executable, "-m", "gtc_runtime.load.worker"],
        input=said,
        capture_output=True,
        timeout=50,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )

    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def test_the_process_ends_when_its_parent_is_gone(settings):
    child = subprocess.Popen(
        [sys.executable, "-m", "gtc_runtime.load.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    try:
        line = settings("http://127.0.0.1:9").model_dump_json()
        child.stdin.write(b'{"settings":%b}\n' % line.encode())
        child.stdin.write(b'{"set_load":{"kind":"rate","rps":50,"mix":"0/0/100"}}\n')
        child.stdin.flush()
        assert child.stdout.readline().startswith(b'{"at":')
        child.stdout.close()  # a dead parent does not read either
        started_s = time.monotonic()
        child.stdin.close()
        assert child.wait(timeout=5) == 0
        assert time.monotonic() - started_s < 1.5
    finally:
        child.kill()
        child.wait()


async def test_the_process_is_small(server, settings):
    async with process(settings(server.url)) as (child, book, _):
        await child.set_load(Rate(rps=40, mix=MIX, pacing="paced"))
        await until(lambda: book.totals()["all"].ok > 10)
        status = Path(f"/proc/{child.pid}/status").read_text()
    rss_kib = int(status.split("VmRSS:")[1].split()[0])
    assert rss_kib < 80 * 1024


def test_settings_of_an_environment_carry_its_shapes_and_limits():
    settings = settings_from(load("prod"), "http://127.0.0.1:8000")
    assert settings.model == "meta-llama/Llama-3.1-70B-Instruct"
    assert settings.shapes.summarization.prompt_tokens == (10000, 20000)
    assert settings.limits.rps_max == 40


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://host", "http://", "http://host:99999", "http://[x"]
)
def test_what_is_no_address_of_a_server_is_refused(url):
    with pytest.raises(UsageError, match="not the address of a server"):
        check_url(url)
