"""`gtc doctor` and the step of a deployment that begins with it, called as people call them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtc_runtime.checks.doctor import resolving
from gtc_runtime.checks.doctor.doctor import PROBES
from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS
from tests.contract.doctor.breakages import running, the_registry_is_full
from tests.contract.doctor.conftest import SECRETS, World
from tests.unit.cli.conftest import Call, gtc  # noqa: F401 - a fixture


@pytest.fixture
def told(world: World, gtc: Call, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:  # noqa: F811
    """`gtc` in a checkout whose variables lead into the world."""
    (Path.cwd() / "cdktf.json").write_text("{}")
    (Path.cwd() / "main.py").write_text("")
    for name, value in world.secrets.items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "DIGITALOCEAN_API_URL": world.cloud.url,
        "HF_ENDPOINT": world.around.url,
        "GTC_SPACES_ENDPOINT": world.spaces.url,
        "GTC_FOLLOWUPS_URL": world.around.url,
        "GTC_UNTIL": "2099-01-02T03:04:00+00:00",
        "GTC_TAG": "20260101-0000000",
        "PATH": str(world.tools),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("DIGITALOCEAN_TOKEN", "TF_VAR_hf_token", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return gtc


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_ready_account_is_told_line_by_line_with_its_price(told: Call, env: str) -> None:
    said = told("doctor", "--env", env)

    assert said.code == 0, said.out
    lines = said.out.splitlines()
    assert len(lines) == len(PROBES) + 1
    assert lines[0].startswith("ok      variables")
    assert "USD/h" in next(line for line in lines if " price " in line)
    assert lines[-1].startswith("ready: ")


def test_json_has_the_form_of_the_preflight(told: Call, world: World) -> None:
    the_registry_is_full(world)

    said = told("doctor", "--json")

    assert said.code == 1
    report = json.loads(said.out)
    assert report.keys() == {"passed", "took_s", "checks"}
    (red,) = [check for check in report["checks"] if check["state"] == "red"]
    assert red.keys() == {"name", "state", "found", "expected", "hint", "took_s"}
    assert red["name"] == "registry room"


def test_check_env_is_the_part_that_asks_nobody(told: Call, world: World) -> None:
    said = told("check-env", "--env", "dev")

    assert said.code == 0
    assert [line.split()[1] for line in said.out.splitlines()[:-1]] == ["variables", "choices"]
    assert world.cloud.journal == world.around.asked == world.spaces.asked == []


def test_an_unknown_check_is_refused_with_all_names(told: Call) -> None:
    said = told("doctor", "--only", "gpu")

    assert said.code == 2
    assert said.error.startswith("unknown check 'gpu', allowed: variables, choices, terraform")


def test_a_deployment_stops_at_a_red_check_before_anything_is_made(
    told: Call, world: World
) -> None:
    the_registry_is_full(world)

    said = told("deploy", "--env", "prod")

    assert said.code == 1
    assert said.error == "not ready: registry room"
    assert (
        said.hint == "mend what is red and repeat; DOCTOR=no (--skip-doctor) deploys all the same"
    )
    assert said.out.startswith("=== deploy prod 0: doctor")
    assert "garbage" in said.out
    assert {each.method for each in world.cloud.journal} == {"GET"}


@pytest.mark.parametrize("flag", [(), ("--skip-doctor",)])
def test_a_deployment_goes_on_when_nothing_is_red_or_nobody_looks(
    told: Call, world: World, flag: tuple[str, ...]
) -> None:
    said = told("deploy", "--env", "prod", *flag)

    assert ("0: doctor" in said.out) == (not flag)
    assert "=== deploy prod 2/" in said.out


def test_what_another_checkout_deployed_is_in_the_way_until_it_is_adopted(
    told: Call, world: World
) -> None:
    running(world, names.environment_tag("prod"))

    assert "cluster name" in told("deploy", "--env", "prod").error
    assert "not ready" not in told("deploy", "--env", "prod", "--adopt").err


def test_a_resolver_that_hangs_does_not_hold_up_the_process(
    monkeypatch: pytest.MonkeyPatch,
    gtc: Call,  # noqa: F811
) -> None:
    monkeypatch.setattr(resolving, "RESOLVE_S", 0.3)
    hangs = threading.Event()
    real = socket.getaddrinfo

    def resolver(host: str, *rest: object) -> object:
        return real(host, *rest) if host == "127.0.0.1" else hangs.wait(20)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GTC_UNTIL", "2099-01-02T03:04:00+00:00")
    questions = ("token", "bucket", "hub token", "inference", "region")
    started = time.monotonic()
    told = gtc("doctor", "--json", *(word for each in questions for word in ("--only", each)))
    took_s = time.monotonic() - started
    hangs.set()

    assert took_s < 10
    assert {each["name"]: each["state"] for each in told.json["checks"]} == {
        **dict.fromkeys(questions[:4], "red"),
        "region": "not-applicable",
    }
