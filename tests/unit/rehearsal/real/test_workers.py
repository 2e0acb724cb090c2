"""Real workers as a kind of worker: places, model, and what is refused before anything starts."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from gtc_rehearsal.dynamo.dynamo_settings import WorkerRole
from gtc_rehearsal.dynamo.real.gpus import Gpu
from gtc_rehearsal.dynamo.real.model_files import VOCABULARY, random_weights
from gtc_rehearsal.dynamo.real.workers import RealPlan, RealWorkers, refuse
from gtc_rehearsal.dynamo.worker_kind import Home, Launch
from gtc_spec import environment
from gtc_spec.errors import GtcError, UsageError

DEV, PROD = environment.load("dev"), environment.load("prod")
ONE = [Gpu(0, "NVIDIA H200", 143_771)]
TWO = [*ONE, Gpu(1, "NVIDIA H200", 143_771)]


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
        return self.kind.launch(name, role, self._home, self._held[name])

    def ended(self, name: str) -> None:
        self._held.pop(name).close()


def workers(share: int = 1, weights: Path | None = None) -> RealWorkers:
    return RealWorkers.of(DEV, RealPlan("python", share, weights), TWO)


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


def test_two_that_compile_at_once_write_to_two_folders_and_a_later_one_finds_the_first(
    home: Home,
) -> None:
    kind = Held(workers(share=2), home)
    first, second = kind.launch("p", "prefill"), kind.launch("d", "decode")
    kind.kind.started("p")
    third = kind.launch("d2", "decode")

    assert [folder(each) for each in (first, second, third)] == ["vllm-0", "vllm-1", "vllm-0"]


def test_one_that_died_while_it_compiled_leaves_its_folder_to_the_next(home: Home) -> None:
    kind = Held(workers(), home)
    kind.launch("p", "prefill")
    kind.ended("p")

    assert folder(kind.launch("p2", "prefill")) == "vllm-0"


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
