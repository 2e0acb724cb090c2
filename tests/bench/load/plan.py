"""Which rows are taken, in which order: A B C, then A B C again, so that a drift hits all alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.bench.load import ours, peers, reference
from tests.bench.load.measured import Bench, Row
from tests.bench.load.peers import Load, Peer
from tests.bench.load.shape import FIREHOSE, LONG_RUN, PACED, RATE, Shape

WAVES, PEER_WAVES = 2, 3
"""Answers of each stream in a closed loop: ours, the C client's, and peers'."""
FIREHOSE_STREAMS = 64
HOLD_S = 3.0
"""How long a number of streams is held in a row of ours."""
RATE_S = 6.0
RATES_RPS = (100.0, 300.0)
STEADY_STREAMS, STEADY_RPS, MANY_STREAMS = (500, 1000), 300.0, 2000
"""What has to hold in nearly every repetition, and is repeated more often for it."""
ERROR_STREAMS = (50, 500)
LONG_RUN_RPS, LONG_RUN_CHUNKS = 120.0, 1_000_000
LONG_RUN_WARM_UP_S = 4.0
"""Until buffers, pools and histograms have their size."""


@dataclass(frozen=True)
class Planned:
    """A row to take.

    Attributes:
        name: Case and client.
        take: Takes it once.
        repetitions: In how many rounds it is taken.
        steady: A gate has to hold in nearly every one of them.
    """

    name: str
    take: Callable[[Bench, int], Row]
    repetitions: int
    steady: bool = False


@dataclass(frozen=True)
class Times:
    """In how many rounds rows are taken.

    Attributes:
        ours: Rows of ours and of the C client.
        steady: Those of them whose gates have to hold in nearly every repetition.
        peers: Rows of peers.
    """

    ours: int
    steady: int
    peers: int


def planned(streams: Sequence[int], times: Times, installed: Sequence[Peer]) -> list[Planned]:
    """All rows of one round, in order."""
    rows = [*_throughput(times.ours), *_firehose_peers(installed, times.peers)]
    for number in streams:
        rows += _paced(number, times, installed)
    for number in ERROR_STREAMS:
        rows += _errors(number, times)
    for rps in RATES_RPS:
        rows += _rates(rps, times, installed)
    return [
        *rows,
        Planned("many", lambda bench, _: _many(bench), times.steady, steady=True),
        Planned("command", lambda bench, _: ours.command_run(bench), times.ours),
        Planned("long run", lambda bench, _: long_run(bench), 1),
    ]


def rounds(rows: Sequence[Planned]) -> Iterator[tuple[int, Planned]]:
    """Every row as often as it wants, interleaved; with the number of the round from 0."""
    for number in range(max((row.repetitions for row in rows), default=0)):
        for row in rows:
            if number < row.repetitions:
                yield number, row


def _throughput(repetitions: int) -> list[Planned]:
    def limit(bench: Bench, _: int) -> Row:
        return reference.closed_run(bench, "firehose", FIREHOSE_STREAMS, 6000, FIREHOSE)

    def engine(bench: Bench, _: int) -> Row:
        return ours.closed_run(bench, "firehose", FIREHOSE_STREAMS, 6000, FIREHOSE)

    return [
        Planned("firehose, C client", limit, repetitions),
        Planned("firehose, engine", engine, repetitions),
    ]


def _firehose_peers(installed: Sequence[Peer], repetitions: int) -> list[Planned]:
    def one(peer: Peer) -> Planned:
        load = Load(requests=1000, streams=FIREHOSE_STREAMS)

        def take(bench: Bench, turn: int) -> Row:
            return peers.loop_row(peer, bench, "firehose", FIREHOSE, load, turn)

        return Planned(f"firehose, {peer.client}", take, repetitions)

    return [one(peer) for peer in installed]


def _many(bench: Bench) -> Row:
    rps = PACED.rps_for(MANY_STREAMS)
    return ours.process_run(bench, f"paced {MANY_STREAMS}", PACED, rps, HOLD_S)[0]


def _paced(streams: int, times: Times, installed: Sequence[Peer]) -> list[Planned]:
    case = f"paced {streams}"
    requests = WAVES * streams
    steady = streams in STEADY_STREAMS
    repetitions = times.steady if steady else times.ours

    def limit(bench: Bench, _: int) -> Row:
        return reference.closed_run(bench, case, streams, requests, PACED)

    def engine(bench: Bench, _: int) -> Row:
        return ours.process_run(bench, case, PACED, PACED.rps_for(streams), HOLD_S)[0]

    def engine_closed(bench: Bench, _: int) -> Row:
        return ours.closed_run(bench, case, streams, requests, PACED)

    def other(peer: Peer) -> Planned:
        load = Load(requests=_peer_requests(peer, streams), streams=streams)

        def take(bench: Bench, turn: int) -> Row:
            turn += streams > 100  # one process where few streams are, ten where many are
            return peers.loop_row(peer, bench, case, PACED, load, turn)

        return Planned(f"{case}, {peer.client}", take, times.peers)

    return [
        Planned(f"{case}, C client", limit, repetitions, steady),
        Planned(f"{case}, engine", engine, repetitions, steady),
        Planned(f"{case}, engine closed loop", engine_closed, times.ours),
        *(other(peer) for peer in installed),
    ]


def _peer_requests(peer: Peer, streams: int) -> int:
    """As many as a minute allows: peers deliver 5,000 to 10,000 chunks a second on one core."""
    most = 2000 if peer.name == "aiperf" else 1000
    return max(streams, min(PEER_WAVES * max(streams, 50), most))


def _errors(streams: int, times: Times) -> list[Planned]:
    steady = streams in STEADY_STREAMS
    repetitions = times.steady if steady else times.ours
    seconds = PACED.stream_s + HOLD_S

    def quiet(bench: Bench, _: int) -> Row:
        return ours.errors_run(bench, streams, PACED, seconds, busy=False)

    def busy(bench: Bench, _: int) -> Row:
        return ours.errors_run(bench, streams, PACED, seconds, busy=True)

    return [
        Planned(f"errors at {streams}, engine", quiet, repetitions, steady),
        Planned(f"errors at {streams}, engine beside a busy thread", busy, repetitions, steady),
    ]


def _rates(rps: float, times: Times, installed: Sequence[Peer]) -> list[Planned]:
    case = f"rate {rps:g}"
    steady = rps == STEADY_RPS

    def engine(bench: Bench, _: int) -> Row:
        return ours.process_run(bench, case, RATE, rps, RATE_S)[0]

    def other(peer: Peer) -> Planned:
        load = Load(requests=int(rps * RATE_S), rps=rps)

        def take(bench: Bench, turn: int) -> Row:
            return peers.rate_row(peer, bench, case, RATE, load, turn)

        return Planned(f"{case}, {peer.client}", take, times.peers)

    # GuideLLM takes minutes over what it cannot send in time; its rate is a lost case.
    able = [peer for peer in installed if peer.name != "guidellm" or rps <= RATES_RPS[0]]
    return [
        Planned(f"{case}, engine", engine, times.steady if steady else times.ours, steady),
        *(other(peer) for peer in able),
    ]


def long_run(bench: Bench, shape: Shape = LONG_RUN, chunks: int = LONG_RUN_CHUNKS) -> Row:
    """The real load process over `chunks` chunks: does its memory stay where it was?"""
    seconds = LONG_RUN_WARM_UP_S + chunks / (LONG_RUN_RPS * shape.tokens) + 1.0
    row, seen = ours.process_run(bench, "long run", shape, LONG_RUN_RPS, seconds)
    begun_s = seen.moments[0].at_s
    warm = next(each for each in seen.moments if each.at_s >= begun_s + LONG_RUN_WARM_UP_S)
    end = next((each for each in seen.moments if each.tokens >= warm.tokens + chunks), None)
    grown = end.rss_bytes / warm.rss_bytes - 1 if end else float("nan")
    return Row(
        row.case,
        row.client,
        {**row.figures, "rss_growth": grown, "rss_warm_mb": warm.rss_bytes / 1e6},
        row.conditions,
        row.note,
    )
