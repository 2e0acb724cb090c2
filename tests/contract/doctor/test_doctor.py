"""The doctor finds what is missing: all well when it is, and one red check for one fault."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from gtc_runtime.checks.doctor import cloud, services, storage, tools
from gtc_runtime.checks.doctor.doctor import PROBES, WHOLE_S
from gtc_runtime.copies.bucket import Patience
from gtc_runtime.verdict import Verdict
from gtc_spec.environment import ENVIRONMENTS, load
from tests.contract.doctor.breakages import BREAKAGES, Break, running
from tests.contract.doctor.conftest import BUCKET, World, in_hours
from tests.digitalocean.bodies import PoolCreate
from tests.digitalocean.kubernetes import new_pool

ALLOWED_S = 15.0


@pytest.mark.parametrize("env", ENVIRONMENTS)
async def test_everything_is_green_when_nothing_is_missing(world: World, env: str) -> None:
    world.env = load(env).model_copy(update={"until": in_hours(8)})

    report = await world.report()

    absent = {"share", "hub token", "model"} if world.env.hosting.share is None else set()
    states = {check.name: check.state for check in report.checks}
    assert {name for name, state in states.items() if state == "not-applicable"} == absent
    assert {name: state for name, state in states.items() if state != "green"}.keys() == absent
    assert report.took_s < ALLOWED_S


@pytest.mark.parametrize(
    ("broken", "name", "found", "hint"), BREAKAGES, ids=[each[0].__name__ for each in BREAKAGES]
)
async def test_one_fault_is_one_red_check_that_says_what_to_do(
    world: World, broken: Break, name: str, found: str, hint: str
) -> None:
    broken(world)

    after = await world.look()

    assert after[name].state == "red", after[name].found
    assert found in after[name].found
    assert hint in after[name].hint
    for other in after.values():
        if other.name != name:
            assert other.state == "green" or rests_on(after, other, name), (other, after[name])


def rests_on(checks: dict[str, Verdict], check: Verdict, cause: str) -> bool:
    """Whether a check says nothing because of that one, be it by way of others."""
    if check.state != "not-applicable" or not check.found.startswith("see "):
        return False
    next_one = check.found.removeprefix("see ")
    return next_one == cause or rests_on(checks, checks[next_one], cause)


async def test_nothing_is_changed_anywhere(world: World) -> None:
    await world.look()

    assert {each.method for each in world.cloud.journal} == {"GET"}
    assert {method for method, _ in world.around.asked} <= {"GET", "HEAD"}
    uploads = [target for method, target in world.spaces.asked if method in ("POST", "PUT")]
    aborts = [target for method, target in world.spaces.asked if method == "DELETE"]
    assert len(uploads) == len(aborts) == 1
    left = httpx.get(f"{world.spaces.behind}/{BUCKET}?uploads").text
    assert "<Upload>" not in left
    assert "<Contents>" not in httpx.get(f"{world.spaces.behind}/{BUCKET}").text


async def test_no_secret_is_in_what_it_says(world: World) -> None:
    checks = await world.look()

    assert not any(secret in repr(checks) for secret in world.secrets.values())


async def test_each_question_is_asked_once_however_many_checks_rest_on_it(world: World) -> None:
    await world.look()

    asked = [each.path for each in world.cloud.journal]
    asked.remove("/v2/droplets")  # twice: without and with GPUs
    assert len(asked) == len(set(asked))


async def test_a_contract_that_the_api_does_not_show_is_said_with_the_alternative(
    world: World,
) -> None:
    world.cloud.account.contracts.clear()

    (check,) = (await world.look("worker nodes")).values()

    assert check.state == "not-permitted"
    assert "by contract, which the API does not show" in check.found
    assert "GPU_TYPE=gpu-h200x8-1128gb, 27.52 USD/h, in atl1" in check.found


async def test_what_a_token_may_write_is_not_claimed_when_nobody_tells(world: World) -> None:
    world.cloud.fault(path="^/v1/oauth/token/info$", status=404)

    (check,) = (await world.look("scopes")).values()

    assert check.state == "not-permitted"
    assert "nobody tells whether it may write" in check.found


async def test_a_region_of_which_nobody_says_whether_it_has_nfs_is_not_called_green(
    world: World,
) -> None:
    world.cloud.account.nfs_regions.add("tor1")
    world.another_env(region="tor1")

    (check,) = (await world.look("share")).values()

    assert (check.state, "tor1" in check.found) == ("not-permitted", True)


async def test_the_price_is_the_accounts_own_where_it_tells(world: World) -> None:
    (check,) = (await world.look("price")).values()

    assert "27.52 1 x gpu-h200x8-1128gb-contracted" in check.found
    assert "7.14 share of 16000 GiB, tier high" in check.found
    assert "until" in check.found


async def test_nodes_that_run_already_need_no_room(world: World) -> None:
    who = world.cloud.account
    who.droplet_limit = 6
    running(world, "gtc-demo", "gtc-demo-prod")
    pool = PoolCreate(name="management", size="s-2vcpu-4gb", count=3)
    who.clusters["1"]["node_pools"] = [new_pool(who, who.clusters["1"], pool)]
    world.listed_here = True

    checks = await world.look("droplet limit", "cluster name")

    assert [check.state for check in checks.values()] == ["green", "green"]


async def test_droplets_with_gpus_count_too(world: World) -> None:
    world.cloud.account.droplet_limit = 10
    for _ in range(5):
        world.cloud.account.leave_droplet("gpu-h100x1-80gb")

    (check,) = (await world.look("droplet limit")).values()

    assert (check.state, "room for 2 of 10" in check.found) == ("red", True)


HANGS = ("api", "hub", "store", "inference", "terraform", "doctl")


def hang(world: World, what: str) -> None:
    if what == "api":
        world.cloud.fault(status=0, delay_s=60)
    elif what in ("hub", "inference"):
        world.around.delay_s = 60
    elif what == "store":
        world.spaces.delay_s = 60
    else:
        world.tool(what, hangs=True)


@pytest.mark.slow
async def test_when_everything_hangs_it_still_ends_in_time(world: World) -> None:
    for each in HANGS:
        hang(world, each)
    started = time.monotonic()

    checks = await world.look()

    assert time.monotonic() - started < ALLOWED_S
    red = {name for name, check in checks.items() if check.state == "red"}
    assert red == {"token", "hub token", "bucket", "inference", "terraform", "doctl"}
    assert WHOLE_S < ALLOWED_S


@pytest.mark.parametrize(
    ("what", "red"),
    [
        ("api", {"token"}),
        ("store", {"bucket"}),
        ("hub", {"hub token", "inference"}),  # one address for both in this world
    ],
)
async def test_a_service_that_hangs_is_one_red_check(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str, red: set[str]
) -> None:
    if what == "api":
        monkeypatch.setattr(cloud, "ANSWER_S", 0.3)
    elif what == "hub":
        monkeypatch.setattr(services, "ANSWER_S", 0.3)
    elif what == "store":
        monkeypatch.setattr(storage, "_PATIENCE", Patience(0.3, 0.3, 1))
    hang(world, what)

    checks = await world.look()

    assert {name for name, check in checks.items() if check.state == "red"} == red


def test_names_are_distinct_and_short() -> None:
    names = [probe.name for probe in PROBES]

    assert len(set(names)) == len(names)
    assert all(len(name.split()) <= 3 for name in names)


async def test_a_tool_that_hangs_is_killed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TOOL_S", 0.2)
    mark = world.tools / "alive"
    world.script("kubectl", f"(/bin/sleep 1; : > {mark}) &\nwait")

    (check,) = (await world.look("kubectl")).values()
    await asyncio.sleep(1.2)

    assert (check.state, mark.exists()) == ("red", False)
    assert "said nothing for 0.2 s" in check.found
