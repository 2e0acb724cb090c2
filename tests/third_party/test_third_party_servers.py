"""`gtc load run` against servers of others, as they are; `make third-party` installs them."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.load.openai_server import Manners, serve
from tools import third_party

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]

START_S = 120.0
KEY = "sk-of-a-test-on-loopback-0123456789abcdef"
GTC = Path(__file__).parents[2] / ".venv" / "bin" / "gtc"


@contextlib.contextmanager
def running(server: str, *arguments: str, path: str, log: Path) -> Iterator[str]:
    """One server of others on a free port; `PORT` in its arguments stands for it."""
    python = third_party.python_of(server)
    if not python.exists():
        pytest.skip(f"{server} is not installed: make third-party")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [str(python), *(each.replace("PORT", port) for each in arguments)]
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "LITELLM_MASTER_KEY": KEY}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            wait_for(url + path, process, log)
            yield url
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.3)
    pytest.fail(f"it did not start:\n{log.read_text(errors='replace')[-3000:]}")


def measured(url: str, model: str, *more: str) -> dict:
    """The report of a short run."""
    done = subprocess.run(
        [GTC, "load", "run", "--url", url, "--model", model, "--rps", "3", "--duration", "4",
         "--pacing", "constant", "--mix", "34/33/33", "--max-tokens", "24",
         "--prompt-tokens-max", "400", "--env", "dev", "--json", *more],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def assert_all_measured(told: dict, tokens: int | None = None) -> None:
    every, run = told["figures"]["all"], told["run"]
    assert told["check"]["holds"]
    assert every["ok"] == every["due"] >= 10, every["failed"]
    assert (run["token_counts"], run["notice"]) == ("usage", "")
    assert every["counted"] == every["counted_by_usage"] == every["due"]
    assert every["latency"]["itl"]["n"] == every["output_tokens"] - every["due"]
    if tokens is not None:
        assert every["output_tokens"] == tokens * every["due"]


def test_llama_cpp_with_a_tiny_model_under_any_name(tmp_path):
    script = str(Path(__file__).with_name("llama_server.py"))
    with running(
        "llama", script, str(tmp_path), "PORT", path="/v1/models", log=tmp_path / "log"
    ) as url:
        told = measured(url, "any-name")
    assert_all_measured(told)
    assert told["run"]["exact_lengths"]
    assert told["figures"]["reasoning"]["lengths"]["osl"]["mean"] == 24


def test_litellm_with_a_wildcard_route(tmp_path, monkeypatch):
    config = tmp_path / "config.yaml"
    with serve(Manners(serves_any=True, tokens=12)) as upstream:
        config.write_text(
            "model_list:\n"
            "  - model_name: 'wild/*'\n"
            "    litellm_params:\n"
            f"      {{model: 'openai/*', api_base: '{upstream.url}/v1', api_key: none}}\n"
        )
        arguments = ("-m", "litellm.proxy.proxy_cli", "--config", str(config))
        arguments += ("--host", "127.0.0.1", "--port", "PORT")
        log = tmp_path / "log"
        with running("litellm", *arguments, path="/health/liveliness", log=log) as url:
            monkeypatch.setenv("PROXY_KEY", KEY)
            told = measured(url, "wild/one", "--api-key-env", "PROXY_KEY")
    assert_all_measured(told, tokens=12)


def test_guidellms_mock_server(tmp_path):
    arguments = ("-m", "guidellm", "mock-server", "--host", "127.0.0.1", "--port", "PORT")
    arguments += ("--model", "mock", "--output-tokens", "12", "--itl-ms", "10")
    with running("guidellm", *arguments, path="/v1/models", log=tmp_path / "log") as url:
        told = measured(url, "mock")
    assert_all_measured(told, tokens=12)
    assert 8 < told["figures"]["all"]["latency"]["itl"]["p50_ms"] < 40
