"""KV transfers: descriptors, a shared link, and what posting does to the decode step (L9)."""

from dataclasses import replace

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving import link
from gtc_runtime.planning.serving.cluster import Cluster
from gtc_runtime.planning.serving.events import Events
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import load
from gtc_spec.profiles.profile import Profile
from tests.unit.planning.bench import Notes, document, every

DEV = load("dev")
LARGE = Profile.load("llama-3.1-70b.h200.fp8.vllm")
SMALL = Profile.load("llama-3.1-8b.h200.bf16.vllm")


def nvlink(profile: Profile, **more: object) -> Hardware:
    """Two H200s of one host with vLLM and NIXL."""
    assert profile.kv_transfer is not None
    found = Hardware.of(DEV, profile)
    return replace(found, link_gb_s=profile.kv_transfer.fresh_gb_s, **more)  # type: ignore[arg-type]


class Bench(Notes):
    """A cluster of its own."""

    def __init__(self, hardware: Hardware, topology: Topology) -> None:
        super().__init__(Events())
        self.cluster = Cluster(replace(hardware, stream_us=0), topology, self._events, self)

    def send(self, *requests: Request) -> None:
        for request in requests:
            self._events.at(request.due_s, lambda request=request: self.cluster.send(request))

    def run(self) -> None:
        self._events.run()


# -- descriptors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "scattered", "count"), [(10_240, 0, 80), (10_256, 1, 51_280), (20_496, 1, 102_480)]
)
def test_a_fresh_pool_takes_a_descriptor_a_layer_and_a_used_one_one_a_block_and_layer(
    tokens: int, scattered: float, count: int
) -> None:
    assert link.descriptors(nvlink(LARGE), tokens, scattered) == count


@pytest.mark.parametrize(
    ("tokens", "scattered", "ms"),
    [(10_240, 0, 8.0), (20_480, 0, 12.2), (10_256, 1, 228.0), (20_496, 1, 573.0)],
)
def test_a_transfer_takes_what_it_took_on_two_h200(
    tokens: int, scattered: float, ms: float
) -> None:
    """The last one is a single transfer whose posting took 4.9 us a descriptor and not 3.4 to 4."""
    hardware = nvlink(LARGE)

    found_s = link.post_s(hardware, tokens, scattered) + link.copy_s(hardware, tokens, scattered)

    assert found_s * 1000 == pytest.approx(ms, rel=0.25)


def test_a_worker_that_has_served_for_a_while_needs_longer_for_the_same_document() -> None:
    bench = Bench(nvlink(SMALL, kv_tokens=100_000), Topology(1, 1))
    documents = [document(at_s, 15_000, 100) for at_s in every(5.0, 12)]

    bench.send(*documents)
    bench.run()

    first, last = documents[0].components, documents[-1].components
    moved_s = (last.transfer_s + last.admission_s) - (first.transfer_s + first.admission_s)
    assert moved_s == pytest.approx(15_000 / 16 * 32 * 3.44e-6, rel=0.35)


def test_a_worker_that_is_not_fresh_begins_as_it_goes_on() -> None:
    lone = document(0.0, 15_000, 100)
    bench = Bench(nvlink(SMALL, fresh_pool=False), Topology(1, 1))

    bench.send(lone)
    bench.run()

    assert lone.components.transfer_s > 0.1


def test_larger_blocks_need_fewer_descriptors_of_a_used_pool_and_no_fewer_of_a_fresh_one() -> None:
    small, large = nvlink(LARGE), nvlink(LARGE, block_tokens=64)

    assert link.post_s(small, 20_480, 1) == pytest.approx(4 * link.post_s(large, 20_480, 1))
    assert link.post_s(small, 20_480, 0) == link.post_s(large, 20_480, 0)


# -- posting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stalls", "longest_ms"), [(True, 100), (False, 5)])
def test_posting_stops_the_streams_of_its_receiver_where_the_engine_does_it_between_two_steps(
    stalls: bool, longest_ms: float
) -> None:
    bench = Bench(nvlink(SMALL, fresh_pool=False, posting_stalls=stalls), Topology(1, 1))

    bench.send(Request("reasoning", 0.0, 100, 800), document(2.0, 15_000, 100))
    bench.run()

    longest = max(step_s for _, step_s, _ in bench.steps)
    assert longest * 1000 == pytest.approx(longest_ms, rel=0.1)


# -- the link --------------------------------------------------------------------------------------


def mean_ttft_s(hardware: Hardware, topology: Topology, gap_s: float) -> float:
    bench = Bench(hardware, topology)
    documents = [document(at_s, 15_000, 50) for at_s in every(gap_s, 60)]
    bench.send(*documents)
    bench.run()
    return sum(each.ttft_s for each in documents[-20:]) / 20


def test_behind_a_slow_link_another_prefill_worker_changes_nothing() -> None:
    """15k tokens need 1 s on 2 GB/s in BF16; one H100 prefills them in 0.42 s."""
    slow = Hardware.of(DEV)
    fast = replace(slow, link_gb_s=50)

    one, two = (mean_ttft_s(slow, Topology(each, 1), 0.7) for each in (1, 2))
    quick = mean_ttft_s(fast, Topology(1, 1), 0.7)

    assert two == pytest.approx(one, rel=0.1)
    assert quick < one / 5


def test_another_decode_worker_brings_another_end_of_the_link() -> None:
    slow = Hardware.of(DEV)

    one, two = (mean_ttft_s(slow, Topology(2, each), 0.7) for each in (1, 2))

    assert two < one / 4


def test_without_contention_transfers_do_not_wait_for_each_other() -> None:
    shared = Hardware.of(DEV)
    private = replace(shared, link_contention=False)

    assert mean_ttft_s(private, Topology(1, 1), 0.7) < mean_ttft_s(shared, Topology(1, 1), 0.7) / 4


@pytest.mark.parametrize(("link_gb_s", "narrowest"), [(2.0, "link"), (50.0, "prefill")])
def test_documents_pass_at_the_rate_of_the_narrowest_place(
    link_gb_s: float, narrowest: str
) -> None:
    """Tokens a second are the least of prefill, egress and ingress."""
    hardware = replace(Hardware.of(DEV), link_gb_s=link_gb_s)
    bench = Bench(hardware, Topology(1, 1))
    documents = [document(0.0, 15_000, 50) for _ in range(40)]
    bench.send(*documents)
    bench.run()

    profile = hardware.profile
    limits = {
        "link": link_gb_s * 1e9 / profile.kv_bytes_per_token,
        "prefill": 40 * 15_000 / max(each.prefilled_s for each in documents),
    }
    took_s = documents[-1].arrived_s - documents[0].arrived_s
    assert 39 * 15_000 / took_s == pytest.approx(min(limits.values()), rel=0.03)
    assert min(limits, key=limits.__getitem__) == narrowest
