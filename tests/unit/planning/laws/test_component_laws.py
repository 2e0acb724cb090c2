"""The time to the first token is the sum of its parts (L1)."""

import pytest

from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from tests.unit.planning.bench import HARDWARE, PROFILE, Notes, document, poisson


def served(topology: Topology, *requests: Request) -> None:
    events = Events()
    cluster = Cluster(HARDWARE, topology, events, Notes(events))
    for request in requests:
        events.at(request.due_s, lambda request=request: cluster.send(request))
    events.run()


def test_the_parts_of_a_lone_document_are_what_each_takes_alone() -> None:
    lone = document(3.0, 15_000, 200)

    served(Topology(1, 1), lone)

    parts = lone.components
    chunks_ms = PROFILE.prefill_ms(8192) + PROFILE.prefill_ms(15_000 - 8192, 8192)
    assert parts.host_s == pytest.approx(0.0105 + 15_000 * 4.2e-6)
    assert parts.queue_s == 0
    assert parts.prefill_s == pytest.approx(chunks_ms / 1000)
    assert parts.handover_s == pytest.approx(0.009 + PROFILE.decode_step_ms(1, 1) / 1000)
    assert parts.transfer_s == pytest.approx(15_000 * PROFILE.kv_bytes_per_token / 20e9)
    assert parts.admission_s == pytest.approx(0, abs=1e-9)
    assert parts.first_step_s == pytest.approx(PROFILE.decode_step_ms(1, 15_000) / 1000)


@pytest.mark.parametrize("topology", [Topology(1, 1), Topology(2, 2), Topology(aggregated=2)])
def test_the_parts_of_every_request_add_up_and_none_is_negative(topology: Topology) -> None:
    lengths = (80, 15_000, 5000, 12_000)
    requests = [
        document(at_s, lengths[each % 4], 50 + each) for each, at_s in enumerate(poisson(1.2, 200))
    ]

    served(topology, *requests)

    for request in requests:
        assert sum(request.components) == pytest.approx(request.ttft_s, abs=1e-9)
        assert min(request.components) >= -1e-9
    assert max(request.components.queue_s for request in requests) > 1


def test_an_aggregated_worker_hands_nothing_over() -> None:
    lone = document(0.0, 15_000, 200)

    served(Topology(aggregated=1), lone)

    assert sum(lone.components[3:]) == 0
