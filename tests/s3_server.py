"""A real S3 server in a process of its own: moto on a free port of loopback.

Keep it for a whole session or module; every test takes a bucket of its own. `read_timeout` of
clients must be generous: moto answers one request at a time when the machine is busy.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

KEY_ID, SECRET = "test-key", "test-secret"
"""Any key is good for moto."""


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Start the server; gives its URL and ends the process afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(port)],
        env={**os.environ, "S3_UPLOAD_PART_MIN_SIZE": "1024"},  # small files may have parts
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 55
    while time.monotonic() < give_up and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("the S3 server did not start")
