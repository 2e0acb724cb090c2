"""Marks on their way to Grafana: outage, refusal, order, bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from gtc_runtime.metrics import annotations
from gtc_runtime.metrics.annotations import QUEUE_MAX, Annotations, annotations_for
from gtc_runtime.metrics.marks import Mark
from gtc_runtime.settings import Settings
from gtc_spec.errors import UsageError

FAST_S = (0.01, 0.02)


class Grafana:
    """The two calls of the annotation API, with every trouble that a test asks for."""

    def __init__(self) -> None:
        self.status = 200
        self.silent = False
        self.retry_after = ""
        self.calls = 0
        self.on_call: Callable[[], None] = lambda: None
        self.kept: dict[int, dict] = {}
        self.seen: list[str] = []
        self.tokens: set[str | None] = set()
        self._next = 1

    def forget(self) -> None:
        self.kept.clear()

    async def create(self, request: web.Request) -> web.Response:
        return await self._answer(request, self._create)

    async def change(self, request: web.Request) -> web.Response:
        return await self._answer(request, self._change)

    async def _answer(self, request: web.Request, act) -> web.Response:
        self.calls += 1
        self.on_call()
        self.tokens.add(request.headers.get("Authorization"))
        if self.silent:
            await asyncio.sleep(30)
        if self.status != 200:
            asked = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response({"message": "no"}, status=self.status, headers=asked)
        return act(request, await request.json())

    def _create(self, _request: web.Request, body: dict) -> web.Response:
        self.kept[self._next] = body
        self.seen.append(body["text"])
        self._next += 1
        return web.json_response({"message": "Annotation added", "id": self._next - 1})

    def _change(self, request: web.Request, body: dict) -> web.Response:
        found = self.kept.get(int(request.match_info["id"]))
        if found is None:
            return web.json_response({"message": "not found"}, status=404)
        found.update(body)
        return web.json_response({"message": "Annotation patched"})


@pytest.fixture
async def grafana() -> AsyncIterator[Grafana]:
    made = Grafana()
    app = web.Application()
    app.router.add_post("/grafana/api/annotations", made.create)
    app.router.add_patch("/grafana/api/annotations/{id}", made.change)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/grafana/"
    yield made
    await runner.cleanup()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
async def marks(grafana, complaints) -> AsyncIterator[Annotations]:
    made = Annotations(grafana.url, "secret", complaints.append, FAST_S)
    task = asyncio.create_task(made.run())
    yield made
    assert not task.done(), "the writer ended"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(holds) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def mark(number: int, **fields) -> Mark:
    return Mark(1000 * number, f"mark {number}", ("gtc-demo", "scale"), **fields)


async def test_a_mark_is_written_with_its_own_time_tags_and_words(grafana, marks):
    marks.add([mark(7)])

    await until(lambda: grafana.kept)
    assert grafana.kept[1] == {"time": 7000, "text": "mark 7", "tags": ["gtc-demo", "scale"]}
    assert grafana.tokens == {"Bearer secret"}


async def test_a_phase_is_a_region_whose_end_follows(grafana, marks):
    phase = mark(1, lasts=True)
    marks.add([phase])
    await until(lambda: grafana.kept)
    assert "timeEnd" not in grafana.kept[1]

    phase.end_ms = 90_000
    marks.add([phase])

    await until(lambda: "timeEnd" in grafana.kept[1])
    assert grafana.kept[1]["timeEnd"] == 90_000
    assert grafana.seen == ["mark 1"]


async def test_marks_of_an_outage_arrive_later_in_order_and_with_their_times(grafana, marks):
    grafana.status = 503
    phase = mark(1, lasts=True)
    marks.add([phase, mark(2)])
    await until(lambda: grafana.calls >= 2)
    phase.end_ms = 3000
    marks.add([phase, mark(3)])

    grafana.status = 200

    await until(lambda: len(grafana.kept) == 3)
    assert [kept["time"] for kept in grafana.kept.values()] == [1000, 2000, 3000]
    assert grafana.kept[1]["timeEnd"] == 3000


async def test_a_phase_that_ends_while_its_beginning_is_refused_is_the_oldest_still(grafana, marks):
    phase = mark(1, lasts=True)

    def end() -> None:
        phase.end_ms, grafana.on_call = 3000, lambda: None
        marks.add([phase, mark(3)])

    grafana.status, grafana.on_call = 503, end
    marks.add([phase, mark(2)])
    await until(lambda: grafana.calls >= 2)
    grafana.status = 200

    await until(lambda: len(grafana.kept) == 3)
    assert [kept["time"] for kept in grafana.kept.values()] == [1000, 2000, 3000]
    assert grafana.kept[1]["timeEnd"] == 3000


async def test_a_region_that_grafana_has_forgotten_is_written_anew(grafana, marks):
    phase = mark(1, lasts=True)
    marks.add([phase])
    await until(lambda: grafana.kept)
    grafana.forget()

    phase.end_ms = 5000
    marks.add([phase])

    await until(lambda: grafana.kept)
    assert grafana.kept[2]["time"] == 1000
    assert grafana.kept[2]["timeEnd"] == 5000


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_told_once_and_the_marks_wait(grafana, marks, complaints, status):
    grafana.status = status
    marks.add([mark(1), mark(2)])
    await until(lambda: grafana.calls >= 4)
    assert complaints == [
        f"grafana refuses marks ({status}): GRAFANA_TOKEN must be an editor's token"
    ]

    grafana.status = 200
    await until(lambda: len(grafana.kept) == 2)


async def test_a_mark_that_grafana_cannot_take_does_not_hold_up_the_others(grafana, marks):
    grafana.status = 400
    marks.add([mark(1)])
    await until(lambda: grafana.calls == 1)
    await asyncio.sleep(0.05)
    assert grafana.calls == 1

    grafana.status = 200
    marks.add([mark(2)])
    await until(lambda: grafana.seen == ["mark 2"])


async def test_a_wrong_address_is_told_once(grafana, marks, complaints):
    grafana.status = 404
    marks.add([mark(1), mark(2)])

    await until(lambda: grafana.calls == 2)
    assert len(complaints) == 1
    assert "is GTC_GRAFANA_URL right?" in complaints[0]


async def test_a_grafana_that_never_answers_is_given_up_after_the_deadline(
    grafana, marks, monkeypatch
):
    monkeypatch.setattr(annotations, "CALL_S", 0.05)
    grafana.silent = True
    marks.add([mark(1)])
    await until(lambda: grafana.calls >= 2)

    grafana.silent = False
    await until(lambda: grafana.kept)


async def test_the_queue_keeps_the_newest_marks_and_stays_short(grafana, marks):
    grafana.status = 503
    marks.add([mark(0)])
    await until(lambda: grafana.calls >= 1)
    marks.add([mark(number) for number in range(1, QUEUE_MAX + 50)])

    grafana.status = 200

    await until(lambda: grafana.seen and grafana.seen[-1] == f"mark {QUEUE_MAX + 49}")
    assert len(grafana.seen) <= QUEUE_MAX
    assert grafana.seen == [f"mark {n}" for n in range(50, QUEUE_MAX + 50)][-len(grafana.seen) :]


async def test_the_end_of_the_process_waits_for_marks_but_not_for_grafana(grafana, monkeypatch):
    monkeypatch.setattr(annotations, "FINISH_S", 0.1)
    made = Annotations(grafana.url, "", [].append)
    made.add([mark(1)])
    await made.finish()
    assert grafana.seen == ["mark 1"]

    grafana.silent = True
    made.add([mark(2)])
    async with asyncio.timeout(5):
        await made.finish()


@pytest.mark.parametrize("url", ["grafana:3000", "ftp://grafana", "no url"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(UsageError, match="grafana url is"):
        Annotations(url, "", [].append)


def test_a_token_that_would_forge_a_header_is_refused_and_not_shown():
    with pytest.raises(UsageError) as caught:
        Annotations("http://g", "abc\r\nX: y", [].append)

    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "token", "writes"),
    [
        ("http://grafana.monitoring.svc:80", "secret", True),
        ("http://grafana.monitoring.svc:80", "", False),
        ("http://127.0.0.1:3000", "", True),
        ("", "secret", False),
    ],
)
def test_marks_need_a_token_except_on_this_machine(url, token, writes):
    settings = Settings(grafana_url=url, GRAFANA_TOKEN=token)
    assert (annotations_for(settings, print) is not None) == writes


async def test_marks_that_are_given_up_are_counted_and_told_once(grafana):
    told = []
    made = Annotations(grafana.url, "", told.append)
    made.add([mark(number) for number in range(QUEUE_MAX)])
    assert (made.dropped, told) == (0, [])

    made.add([mark(number) for number in range(QUEUE_MAX, QUEUE_MAX + 3)])

    assert made.dropped == 3
    assert told == ["grafana is away: of 500 marks that wait the oldest are given up"]


async def test_a_grafana_that_asks_for_time_gets_it_but_not_for_ever(grafana):
    grafana.status, grafana.retry_after = 429, "1"
    made = Annotations(grafana.url, "", [].append, retry_s=(0.01, 0.5))
    made.add([mark(1)])
    task = asyncio.create_task(made.run())
    await until(lambda: grafana.calls == 1)
    await asyncio.sleep(0.3)
    assert grafana.calls == 1
    await until(lambda: grafana.calls == 2)  # after 0.5 s, the longest pause
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
