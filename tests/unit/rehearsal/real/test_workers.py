"""Real workers as a kind of worker: places, model, and what is refused before anything starts."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from gtc_rehearsal.dynamo.dynamo_settings import PORTS, WorkerRole
from gtc_rehearsal.dynamo.real import workers as module
from gtc_rehearsal.dynamo.real.gpus import Gpu
from gtc_rehearsal.dynamo.real.model_files import VOCABULARY, random_weights
from gtc_rehearsal.dynamo.real.workers import RealPlan, RealWorkers, in_flight, refuse
from gtc_rehearsal.dynamo.worker_kind import Home, Launch
from gtc_rehearsal.ports import HeldPort
from gtc_spec import environment
from gtc_spec.errors import GtcError, UsageError

DEV, PROD = environment.load("dev"), environment.load("prod")
ONE = [Gpu(0, "NVIDIA H200", 143_771)]
TWO = [*ONE, Gpu(1, "NVIDIA H200", 143_771)]
FREE = {0: 143_156, 1: 143_156}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path / "discovery")


class Held:
    """Workers that were launched, each with what it holds."""

    def __init__(self, kind: RealWorkers, home: Home) -> None:
        self.kind, self._home = kind, home
        self._held: dict[str, ExitStack] = {}

    def launch(self, name: str, role: WorkerRole) -> Launch:
        self._held[name] = ExitStack()
        return asyncio.run(self.kind.launch(name, role, self._home, self._held[name]))

    def ended(self, name: str) -> None:
        self._held.pop(name).close()


def workers(share: int = 1, weights: Path | None = None) -> RealWorkers:
    return RealWorkers.of(DEV, RealPlan("python", share, weights), TWO, free_mib=lambda: FREE)


def folder(launch: Launch) -> str:
    return Path(launch.env["VLLM_CACHE_ROOT"]).name


def test_the_cluster_has_as_many_gpus_as_the_machine_has_places() -> None:
    assert workers().nodes(DEV).slots == 2
    assert workers(share=2).nodes(DEV).slots == 4


def test_each_worker_has_its_own_gpu_until_it_is_gone(home: Home) -> None:
    kind = Held(workers(), home)
    first, second = kind.launch("p", "prefill"), kind.launch("d", "decode")

    assert [each.env["CUDA_VISIBLE_DEVICES"] for each in (first, second)] == ["0", "1"]
    with pytest.raises(GtcError, match="no GPU is free"):
        kind.launch("d2", "decode")
    kind.ended("p")
    assert kind.launch("d2", "decode").env["CUDA_VISIBLE_DEVICES"] == "0"


def test_no_two_workers_compile_into_one_folder_and_the_next_one_finds_what_is_there(
    home: Home,
) -> None:
    kind = Held(workers(share=2), home)
    launches = [kind.launch("p", "prefill"), kind.launch("d", "decode")]
    kind.ended("p")
    launches += [kind.launch("d2", "decode"), kind.launch("p2", "prefill")]

    assert [folder(each) for each in launches] == ["vllm-0", "vllm-1", "vllm-0", "vllm-2"]


def test_a_folder_has_the_port_that_the_key_of_its_compiled_code_holds(home: Home) -> None:
    kind = Held(workers(), home)
    before = kind.launch("p", "prefill").env
    kind.ended("p")
    after = kind.launch("p2", "prefill").env
    name = "VLLM_NIXL_SIDE_CHANNEL_PORT"

    assert before[name] == after[name]
    assert kind.launch("d", "decode").env[name] != after[name]


def test_a_port_that_somebody_else_has_is_replaced(home: Home) -> None:
    with HeldPort([module.SIDE_CHANNELS]):
        env = Held(workers(), home).launch("p", "prefill").env

    assert int(env["VLLM_NIXL_SIDE_CHANNEL_PORT"]) in PORTS


def test_no_two_ports_of_two_workers_are_the_same(home: Home) -> None:
    kind = Held(workers(), home)
    names = ("DYN_SYSTEM_PORT", "VLLM_NIXL_SIDE_CHANNEL_PORT", "DYN_FORWARDPASS_METRIC_PORT")
    ports = [kind.launch("p", "prefill").env[name] for name in names]

    assert len(set(ports)) == 3


def test_the_plan_reaches_the_cluster_process_as_it_was() -> None:
    for plan in (RealPlan("/opt/python", 2), RealPlan("python", 1, Path("/models/8b"))):
        assert RealPlan.from_text(plan.text) == plan


def test_a_random_model_has_the_shapes_and_the_vocabulary_of_the_real_one() -> None:
    files = random_weights(8.03)
    config = json.loads(files["config.json"])
    vocabulary = json.loads(files["tokenizer.json"])["model"]["vocab"]

    assert (config["num_hidden_layers"], config["hidden_size"]) == (32, 4_096)
    assert config["vocab_size"] == len(vocabulary) == VOCABULARY
    assert sorted(vocabulary.values()) == list(range(VOCABULARY))


@pytest.mark.parametrize(("billions", "gib"), [(8.03, 15), (70.6, 131)])
def test_a_random_model_is_as_large_as_the_real_one(billions: float, gib: float) -> None:
    c = json.loads(random_weights(billions)["config.json"])
    attention = (
        c["hidden_size"] * c["head_dim"] * 2 * (c["num_attention_heads"] + c["num_key_value_heads"])
    )
    layer = attention + 3 * c["hidden_size"] * c["intermediate_size"]
    total = c["num_hidden_layers"] * layer + 2 * c["vocab_size"] * c["hidden_size"]

    assert total / 1e9 == pytest.approx(billions, rel=0.01)
    assert total * 2 / 2**30 == pytest.approx(gib, rel=0.01)


def test_the_name_of_a_checkpoint_is_a_path_to_it(home: Home, tmp_path: Path) -> None:
    checkpoint = tmp_path / "8b"
    checkpoint.mkdir()
    (checkpoint / "config.json").write_text("{}")
    path = workers(weights=checkpoint).prepare(home)

    assert (path / "config.json").is_file()
    assert str(path).endswith(DEV.model.served_name)


def test_one_gpu_for_two_workers_is_refused_with_the_share_that_works() -> None:
    with pytest.raises(GtcError, match=r"starts with 1P:1D, 2 workers, and there is room") as error:
        refuse(RealPlan(sys.executable), DEV, ONE)

    assert "--gpu-share 2" in error.value.hint


def test_an_environment_without_gpus_is_not_played_on_them() -> None:
    with pytest.raises(UsageError, match="cpu has no GPUs"):
        refuse(RealPlan(sys.executable), environment.load("cpu"), TWO)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no checkpoint in .*: there is no config\.json"):
        refuse(RealPlan(sys.executable, 1, tmp_path), DEV, TWO)


def test_a_python_without_vllm_is_told_how_to_get_it() -> None:
    with pytest.raises(GtcError, match=r"lacking vllm,nixl|lacking vllm") as error:
        refuse(RealPlan(sys.executable), DEV, TWO)

    assert "gtc-demo[vllm]" in error.value.hint


def test_a_python_that_is_not_there_is_told() -> None:
    with pytest.raises(GtcError, match="cannot run /nope/python"):
        refuse(RealPlan("/nope/python"), DEV, TWO)


def test_a_model_that_two_cannot_share_is_refused_before_anything_starts() -> None:
    with pytest.raises(GtcError, match="a worker needs 76 GiB"):
        refuse(RealPlan(sys.executable, 2), PROD, TWO)


def test_only_requests_count_as_in_flight_and_no_housekeeping() -> None:
    told = (
        'dynamo_component_inflight_requests{dynamo_component="backend",dynamo_endpoint="generate",'
        'worker_id="1"} 2\n'
        'dynamo_component_inflight_requests{dynamo_component="backend",'
        'dynamo_endpoint="clear_kv_blocks",worker_id="1"} 5\n'
        'dynamo_component_requests_total{dynamo_endpoint="generate"} 9\n'
    )

    assert in_flight(told) == 2
    assert in_flight("") == 0


class Metrics:
    """A worker whose metrics say one text after the other, the last one for ever."""

    def __init__(self, *texts: str | None) -> None:
        self._texts = list(texts)
        self.asked = 0

    async def text(self, url: str) -> str | None:
        self.asked += 1
        return self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]


def _open(requests: int) -> str:
    return f'dynamo_component_inflight_requests{{dynamo_endpoint="generate"}} {requests}\n'


async def test_a_worker_is_drained_when_no_request_was_open_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    metrics = Metrics(_open(2), _open(0), _open(1), None, _open(0))
    await workers().drained("url", metrics)  # type: ignore[arg-type]

    assert metrics.asked == 4 + module.QUIET_LOOKS
