"""What the client makes of a server that misbehaves; each test is one hazard of kr8s 0.20.15."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtc_runtime.cluster.api.errors import (
    Conflict,
    Denied,
    KubeError,
    NotFound,
    Unreachable,
    refusal,
)
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.api.transport import Limits
from gtc_spec.errors import GtcError
from gtc_spec.kinds import DGDSA, POD

QUICK = Limits(exchange_s=0.4, tries=3, total_s=3.0, backoff_s=0.01)
SCALE = {"spec": {"replicas": 3}}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Faulty:
    """A server that answers /version and leaves the rest to the test, counting requests."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.seen: list[str] = []
        self.tokens: list[str] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/version"):
            return web.json_response({"gitVersion": "v1.32.0"})
        self.seen.append(request.method)
        self.tokens.append(request.headers.get("Authorization", ""))
        return await self.handler(request)


def kubeconfig(folder: Path, url: str, token: str = "one") -> str:
    file = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "t",
        "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t"}}],
        "clusters": [{"name": "t", "cluster": {"server": url}}],
        "users": [{"name": "t", "user": {"token": token}}],
    }
    file.write_text(yaml.safe_dump(document))
    return str(file)


@asynccontextmanager
async def faced_with(
    handler: Handler, folder: Path, limits: Limits = QUICK
) -> AsyncIterator[tuple[Kube, Faulty]]:
    faulty = Faulty(handler)
    runner = web.ServerRunner(web.Server(faulty), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    kube = await Kube.connect("ns", kubeconfig(folder, f"http://{host}:{port}"), limits)
    try:
        yield kube, faulty
    finally:
        await kube.close()
        await runner.cleanup()


def answers(*responses: web.Response | Callable[[], web.Response]) -> Handler:
    """Gives the responses in turn, the last one for ever."""
    turn = iter(range(10**6))

    async def handler(_: web.Request) -> web.StreamResponse:
        body = responses[min(next(turn), len(responses) - 1)]
        return (
            body()
            if callable(body)
            else web.Response(status=body.status, body=body.body, headers=body.headers)
        )

    return handler


def status(code: int, message: str, **headers: str) -> web.Response:
    document = {"kind": "Status", "status": "Failure", "message": message, "code": code}
    return web.json_response(document, status=code, headers=headers)


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def test_a_server_that_never_answers_ends_in_unreachable_and_blocks_nobody(
    tmp_path: Path,
) -> None:
    async def only_pods_hang(request: web.Request) -> web.StreamResponse:
        return await hang(request) if "pods" in request.path else web.json_response({"kind": "x"})

    async with faced_with(only_pods_hang, tmp_path) as (kube, _):
        hung = asyncio.create_task(kube.list(POD))
        await asyncio.sleep(0.05)
        other = asyncio.create_task(kube.get(DGDSA, "a"))
        first, _ = await asyncio.wait({hung, other}, return_when=asyncio.FIRST_COMPLETED)
        assert (first, await other) == ({other}, {"kind": "x"})
        with pytest.raises(Unreachable, match="no answer"):
            await asyncio.wait_for(hung, 3)


async def test_a_body_that_trickles_for_ever_meets_the_time_limit(tmp_path: Path) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(300):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    async with faced_with(trickle, tmp_path) as (kube, _):
        with pytest.raises(Unreachable):
            await asyncio.wait_for(kube.get(POD, "p"), 3)


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    busy = status(429, "slow down", **{"Retry-After": "1"})
    async with faced_with(answers(busy, web.json_response({"ok": 1})), tmp_path) as (kube, faulty):
        start = asyncio.get_running_loop().time()
        assert await kube.patch(DGDSA, "a", SCALE, subresource="scale") == {"ok": 1}
        assert asyncio.get_running_loop().time() - start >= 1.0
        assert faulty.seen == ["PATCH", "PATCH"]


async def test_a_retry_after_beyond_the_budget_ends_the_call_at_once(tmp_path: Path) -> None:
    busy = status(429, "slow down", **{"Retry-After": "3600"})
    async with faced_with(answers(busy), tmp_path) as (kube, faulty):
        with pytest.raises(Unreachable, match="slow down"):
            await asyncio.wait_for(kube.get(POD, "p"), 1)
        assert faulty.seen == ["GET"]


async def test_a_500_with_html_is_retried_and_told_in_one_line_without_html(
    tmp_path: Path,
) -> None:
    page = web.Response(
        status=502, text="<html>\n<h1>Bad Gateway</h1></html>", content_type="text/html"
    )
    async with faced_with(answers(page), tmp_path) as (kube, faulty):
        with pytest.raises(Unreachable) as caught:
            await kube.get(POD, "p")
        assert caught.value.message == "kubernetes answered 502 to get pods/p"
        assert len(faulty.seen) == QUICK.tries


async def test_a_webhook_denial_is_exactly_one_patch_with_the_operators_own_words(
    tmp_path: Path,
) -> None:
    words = (
        "spec.services[Decode].replicas cannot be modified directly when scaling adapter is enabled"
    )
    async with faced_with(answers(status(403, words)), tmp_path) as (kube, faulty):
        with pytest.raises(Denied, match="cannot be modified directly"):
            await kube.patch(DGDSA, "a", SCALE)
        assert faulty.seen == ["PATCH"]


async def test_a_refused_write_does_not_break_a_read_under_way(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.method == "PATCH":
            return status(403, "no")
        await asyncio.sleep(0.2)
        return web.json_response({"kind": "Pod"})

    async with faced_with(handler, tmp_path) as (kube, faulty):
        reading = asyncio.create_task(kube.get(POD, "p"))
        await asyncio.sleep(0.05)
        with pytest.raises(Denied):
            await kube.patch(DGDSA, "a", SCALE)
        assert await reading == {"kind": "Pod"}
        assert faulty.seen.count("GET") == 1


async def test_a_rotated_token_is_read_again_once(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] != "Bearer two":
            return status(401, "Unauthorized")
        return web.json_response({"kind": "Pod"})

    async with faced_with(handler, tmp_path) as (kube, faulty):
        server = kube.transport._reads.auth.server
        kubeconfig(tmp_path, server, token="two")
        assert await kube.get(POD, "p") == {"kind": "Pod"}
        assert faulty.tokens == ["Bearer one", "Bearer two"]


async def test_a_revoked_token_is_denied_after_two_requests(tmp_path: Path) -> None:
    async with faced_with(answers(status(401, "Unauthorized")), tmp_path) as (kube, faulty):
        with pytest.raises(Denied, match="401"):
            await kube.patch(DGDSA, "a", SCALE)
        assert len(faulty.seen) == 2


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"", b"null", b'{"message": 3}', b"\xff\xfe", b"nope"]
)
async def test_a_refusal_with_any_body_is_one_of_our_errors(tmp_path: Path, body: bytes) -> None:
    refused = web.Response(status=422, body=body, content_type="application/json")
    async with faced_with(answers(refused), tmp_path) as (kube, _):
        with pytest.raises(KubeError, match="422"):
            await kube.patch(DGDSA, "a", SCALE)


@pytest.mark.parametrize(
    "body",
    [b"[1]", b"", b"<html>", b"3", b'"x"', b"{", b"[" * 99_999, b'{"metadata": 3}',
     b'{"kind": "\\ud800"}'],
)  # fmt: skip
async def test_a_success_that_is_no_object_is_one_of_our_errors(
    tmp_path: Path, body: bytes
) -> None:
    async with faced_with(answers(web.Response(body=body)), tmp_path) as (kube, _):
        with pytest.raises(KubeError, match="sent"):
            await kube.get(POD, "p")
        with pytest.raises(KubeError, match="sent"):
            await kube.list(POD)


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def test_an_absolute_patch_is_repeated_after_a_reset(tmp_path: Path) -> None:
    applied: list[object] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        applied.append(await request.json())
        return await reset(request) if len(applied) == 1 else web.json_response({"ok": 1})

    async with faced_with(handler, tmp_path) as (kube, _):
        assert await kube.patch(DGDSA, "a", SCALE) == {"ok": 1}
        assert applied == [SCALE, SCALE]


async def test_a_compare_and_set_is_never_repeated_when_its_outcome_is_unknown(
    tmp_path: Path,
) -> None:
    async with faced_with(reset, tmp_path) as (kube, faulty):
        with pytest.raises(Unreachable):
            await kube.patch(DGDSA, "a", SCALE, resource_version="7")
        with pytest.raises(Unreachable):
            await kube.replace(POD, {"metadata": {"name": "p", "resourceVersion": "1"}})
        with pytest.raises(Unreachable):
            await kube.create(POD, {"metadata": {"name": "p"}})
        assert faulty.seen == ["PATCH", "PUT", "POST"]


async def test_a_patch_carries_the_merge_type_and_the_version_to_compare(tmp_path: Path) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"type": request.content_type, "path": request.path, "body": await request.json()}
        )

    async with faced_with(echo, tmp_path) as (kube, _):
        got = await kube.patch(DGDSA, "a", SCALE, subresource="scale", resource_version="7")
        assert got == {
            "type": "application/merge-patch+json",
            "path": "/apis/nvidia.com/v1alpha1/namespaces/ns/"
            "dynamographdeploymentscalingadapters/a/scale",
            "body": {"spec": {"replicas": 3}, "metadata": {"resourceVersion": "7"}},
        }


async def test_a_stale_version_is_a_conflict_at_once(tmp_path: Path) -> None:
    async with faced_with(answers(status(409, "modified")), tmp_path) as (kube, faulty):
        with pytest.raises(Conflict):
            await kube.patch(DGDSA, "a", SCALE, resource_version="7")
        assert len(faulty.seen) == 1


async def test_an_unconditional_patch_survives_a_race_inside_the_server(tmp_path: Path) -> None:
    race = answers(status(409, "modified"), web.json_response({"ok": 1}))
    async with faced_with(race, tmp_path) as (kube, _):
        assert await kube.patch(DGDSA, "a", SCALE) == {"ok": 1}


async def test_a_missing_kind_is_not_found_with_one_request(tmp_path: Path) -> None:
    gone = web.Response(status=404, text="404 page not found")
    async with faced_with(answers(gone), tmp_path) as (kube, faulty):
        with pytest.raises(NotFound):
            await kube.get(DGDSA, "a")
        assert len(faulty.seen) == 1


async def test_a_list_follows_its_pages_and_selects_by_labels(tmp_path: Path) -> None:
    async def pages(request: web.Request) -> web.StreamResponse:
        assert request.query["labelSelector"] == "a=b,c=d"
        second = "continue" in request.query
        return web.json_response(
            {
                "items": [{"n": 2 if second else 1}],
                "metadata": {} if second else {"continue": "next"},
            }
        )

    async with faced_with(pages, tmp_path) as (kube, _):
        assert await kube.list(POD, {"a": "b", "c": "d"}) == [{"n": 1}, {"n": 2}]


async def test_connecting_to_nothing_is_unreachable_with_exit_code_3(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        await Kube.connect("ns", kubeconfig(tmp_path, "http://127.0.0.1:9"), QUICK)
    assert caught.value.exit_code == 3
    assert isinstance(caught.value, GtcError)
    with pytest.raises(Unreachable, match="no kubeconfig at /nowhere"):
        await Kube.connect("ns", "/nowhere", QUICK)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "clusters: 3", "{}", "\x00"])
async def test_a_malformed_kubeconfig_is_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    with pytest.raises(Unreachable) as caught:
        await Kube.connect("ns", str(file), QUICK)
    assert "\n" not in caught.value.message


async def test_two_clients_of_equal_arguments_do_not_share_a_connection(tmp_path: Path) -> None:
    async with faced_with(answers(web.json_response({"ok": 1})), tmp_path) as (kube, _):
        other = await Kube.connect("ns", str(tmp_path / "kubeconfig"), QUICK)
        await other.close()
        assert await kube.get(POD, "p") == {"ok": 1}


async def test_the_time_limit_holds_from_the_first_request_on(tmp_path: Path) -> None:
    async with faced_with(answers(web.Response()), tmp_path) as (kube, _):
        for api in (kube.transport._reads, kube.transport._writes):
            assert api._session is not None
            assert api._session.timeout == httpx.Timeout(QUICK.exchange_s)


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    code=st.integers(400, 599), body=st.binary(max_size=200) | st.text(max_size=80).map(str.encode)
)
def test_any_refusal_becomes_one_line(code: int, body: bytes) -> None:
    error = refusal("get pods/p", code, body)
    assert error.status == code
    assert len(error.message.splitlines()) == 1


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["message", "reason", "code"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_any_json_refusal_becomes_one_line(document: object) -> None:
    assert "\n" not in refusal("x", 400, json.dumps(document).encode()).message
