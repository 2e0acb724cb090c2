"""Each test runs a small program of its own: only one with a single thread may be copied."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

BEGIN = """
import asyncio, json, os, sys
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.forked import ForkedWorker, may_fork
from gtc_runtime.load.process import LoadProcess
from gtc_runtime.load.settings import LoadSettings
from gtc_spec.workloads import WorkloadMix
settings = LoadSettings.model_validate_json(sys.argv[1])
def say(**what): print(json.dumps(what), flush=True)
"""


@pytest.fixture
def program(settings):
    """Starts a program that begins with BEGIN, for a server that nobody runs."""
    running = []

    def start(text, **more):
        line = settings("http://127.0.0.1:9", **more).model_dump_json()
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", BEGIN + text, line],
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
        )
        return running[-1]

    yield start
    for each in running:
        each.kill()
        each.wait()
        each.stdout.close()


def said(process):
    return json.loads(process.stdout.readline())


def gone(pid, limit_s=5.0):
    give_up_s = time.monotonic() + limit_s
    while time.monotonic() < give_up_s:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_copies_are_steered_and_heard_and_end_like_started_processes(program):
    process = program(
        """
forked = [ForkedWorker(), ForkedWorker()]
async def main():
    load, heard = LoadProcess(forked), []
    load.on_snapshot(heard.append)
    await load.start(settings)
    pids = load.pids
    await load.set_load(Rate(rps=50, mix=WorkloadMix(0, 0, 100), pacing="constant"))
    await asyncio.sleep(0.6)
    offered = heard[-1].gauges.offered_rps
    await load.stop()
    due = sum(t.due for s in heard for ts in s.slices.values() for t in ts.values())
    say(pids=sorted(pids), copies=sorted(f.pid for f in forked), offered=offered, due=due,
        ends=[f.returncode for f in forked], safe=may_fork())
asyncio.run(main())
""",
        shards=2,
    )
    told = said(process)
    assert told["pids"] == told["copies"]
    assert told["offered"] == 50
    assert told["due"] > 15
    assert told["ends"] == [0, 0]
    assert process.wait(5) == 0


def test_a_copy_that_was_not_needed_ends_with_the_rest(program):
    process = program("""
forked = [ForkedWorker()]
asyncio.run(LoadProcess(forked).stop())
say(end=forked[0].returncode)
""")
    assert said(process) == {"end": 0}


def test_a_copy_that_was_killed_is_not_alive_and_another_process_is_started(program):
    process = program("""
import signal
forked = [ForkedWorker()]
async def main():
    load = LoadProcess(forked)
    await load.start(settings)
    forked[0].send_signal(signal.SIGKILL)
    await forked[0].wait()
    dead = not load.alive
    await load.start(settings)
    say(dead=dead, end=forked[0].returncode, again=load.alive and load.pid != forked[0].pid)
    await load.stop()
asyncio.run(main())
""")
    assert said(process) == {"dead": True, "end": -signal.SIGKILL, "again": True}


def test_copies_end_when_their_parent_was_killed(program):
    process = program("""
forked = [ForkedWorker() for _ in range(3)]
say(pids=[f.pid for f in forked])
import time; time.sleep(60)
""")
    pids = said(process)["pids"]
    process.kill()
    process.wait()
    assert all(gone(pid) for pid in pids)


def test_a_program_with_a_second_thread_is_not_copied(program):
    process = program("""
import threading
stop = threading.Event()
threading.Thread(target=stop.wait).start()
say(safe=may_fork())
stop.set()
""")
    assert said(process) == {"safe": False}
