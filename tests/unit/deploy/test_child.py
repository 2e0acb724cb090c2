"""A child that may take hours hears at once that we were asked to end."""

import os
import subprocess
import sys
import time
from pathlib import Path


def test_an_end_that_does_not_interrupt_the_wait_is_passed_on_all_the_same(tmp_path: Path) -> None:
    # taken by another thread, a signal leaves the main thread asleep, as one just before its sleep
    program = """
import os, signal, threading, time
from pathlib import Path
from gtc_cli.local import child

def ask():
    while not Path("begun").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=ask).start()
try:
    child.run(["sh", "-c", "touch begun; exec sleep 20"], folder=Path("."), environment=os.environ)
except child.Interrupted as error:
    print(error)
"""
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.stdout == "interrupted during `sh -c touch begun; exec sleep 20`\n", ended.stderr
    assert time.monotonic() - begun < 15
