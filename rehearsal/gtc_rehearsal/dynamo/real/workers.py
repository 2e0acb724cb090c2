"""Real vLLM workers: their GPUs, their model, their folders of compiled code."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Final

from gtc_rehearsal.dynamo.dynamo_settings import PORTS, DynamoSettings, WorkerRole, settings_from
from gtc_rehearsal.dynamo.model_dir import ensure_model_dir, linked_model_dir
from gtc_rehearsal.dynamo.probes import Probes
from gtc_rehearsal.dynamo.real import gpus as machine
from gtc_rehearsal.dynamo.real import memory, vllm_worker
from gtc_rehearsal.dynamo.real.gpus import Gpu, Places
from gtc_rehearsal.dynamo.real.model_files import random_weights
from gtc_rehearsal.dynamo.real.vllm_worker import Ports, VllmSettings
from gtc_rehearsal.dynamo.worker_kind import Home, Launch
from gtc_rehearsal.ports import HeldPort
from gtc_spec.cloud.nodes import GpuNodes
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError, UsageError

START_DEADLINE_S: Final = 900.0
"""From launch to an answer: 8B 55 to 95 s, 70B 165 s on an H200, and the read of a checkpoint."""
NEEDED_FILES: Final = ("config.json", "tokenizer.json")
SIDE_CHANNELS: Final = 19_900
"""Port of the first folder's worker for NIXL's handshakes; below those that are drawn at random."""
LOOK_S: Final = 0.5
QUIET_LOOKS: Final = 6
"""So often in a row no request is open: what was on its way has come, and the blocks of a prompt
whose prefill was the last have been fetched (at most 0.6 s, seen with 70B)."""
_IN_FLIGHT: Final = re.compile(
    r'^dynamo_component_inflight_requests\{[^}]*dynamo_endpoint="generate"[^}]*\} (\S+)$', re.M
)
_PROBE_S: Final = 60.0
_PROBE: Final = (
    "import sys, importlib.util as u;"
    "sys.exit(','.join(n for n in ('vllm','dynamo','nixl') if u.find_spec(n) is None) or 0)"
)


@dataclass(frozen=True)
class RealPlan:
    """What a person asked for.

    Attributes:
        python: Interpreter that has vLLM.
        share: Workers on one GPU.
        weights: Folder of a checkpoint; None fills the model with random numbers.
    """

    python: str
    share: int = 1
    weights: Path | None = None

    @property
    def text(self) -> str:
        """As text, for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_text(cls, text: str) -> RealPlan:
        """What `text` gave."""
        found = json.loads(text)
        weights = found.pop("weights")
        return cls(**found, weights=Path(weights) if weights else None)


class RealWorkers:
    """Real workers, one GPU each or several on one.

    Args:
        settings: Facts about the model.
        vllm: Facts about the engine.
        gpus: The GPUs that may be used.
        plan: What was asked for.
        billions: Parameters of the model, billions.
        free_mib: Asks for the memory that nobody has, by the number of the GPU.
    """

    start_deadline_s = START_DEADLINE_S

    def __init__(
        self,
        settings: DynamoSettings,
        vllm: VllmSettings,
        gpus: Sequence[Gpu],
        plan: RealPlan,
        billions: float,
        free_mib: Callable[[], Mapping[int, int]] = machine.free_mib,
    ) -> None:
        self._settings, self._vllm, self._plan, self._billions = settings, vllm, plan, billions
        self._places, self._free_mib = Places(gpus, plan.share), free_mib
        self._folders: set[int] = set()
        self._model_dir = Path()

    @classmethod
    def of(
        cls,
        env: Environment,
        plan: RealPlan,
        gpus: Sequence[Gpu],
        free_mib: Callable[[], Mapping[int, int]] = machine.free_mib,
    ) -> RealWorkers:
        """The workers of an environment on these GPUs."""
        vllm = vllm_worker.vllm_settings(env, plan.python, random=plan.weights is None)
        return cls(settings_from(env), vllm, gpus, plan, env.model.parameters_billion, free_mib)

    def nodes(self, env: Environment) -> GpuNodes:
        """This machine as the one node of the workers, with a slot for each of them."""
        node = {"count": 1, "slots_per_node": self._places.slots}
        return GpuNodes.model_validate(env.nodes.model_dump() | node)

    def prepare(self, home: Home) -> Path:
        """Write the model, or make its name a path to the checkpoint."""
        root, served = home.root / "models", self._settings.served_name
        if self._plan.weights is None:
            files = random_weights(self._billions)
            self._model_dir = ensure_model_dir(root, served, files)
        else:
            self._model_dir = linked_model_dir(root, served, self._plan.weights)
        return self._model_dir

    async def launch(self, name: str, role: WorkerRole, home: Home, held: ExitStack) -> Launch:
        """One worker on a GPU that has room."""
        free_mib = await asyncio.to_thread(self._free_mib)
        gpu = self._places.take(name, free_mib, memory.fraction(self._plan.share))
        held.callback(self._places.give_back, name)
        folder = self._folder(held)
        ports = Ports(
            system=held.enter_context(HeldPort(PORTS)).number,
            side_channel=held.enter_context(_side_channel(folder)).number,
            events=held.enter_context(HeldPort(PORTS)).number,
            forward_pass=held.enter_context(HeldPort(PORTS)).number,
        )
        vllm = self._vllm
        room = memory.plan(gpu, self._plan.share, vllm.weights_gib, vllm.sequence_bytes)
        command = vllm_worker.command(self._settings, vllm, role, self._model_dir, room, ports)
        cache = home.root / f"vllm-{folder}"
        env = vllm_worker.environ(self._settings, home.discovery, home.root, gpu, ports, cache)
        return Launch(command, env, ports.system, gated=False)

    async def drained(self, metrics_url: str, probes: Probes) -> None:
        """Wait until it has had no request for a while.

        Dynamo 1.4.2 takes it off the router's list at SIGTERM, waits a fixed grace and then cuts
        what is open. So the grace is longer than any drain (see `vllm_worker`) and we look.
        """
        quiet = 0
        while quiet < QUIET_LOOKS:
            text = await probes.text(metrics_url)
            quiet = quiet + 1 if text is not None and not in_flight(text) else 0
            await asyncio.sleep(LOOK_S)

    def _folder(self, held: ExitStack) -> int:
        """The first folder that no worker has: two at once would write the same files."""
        number = next(each for each in count() if each not in self._folders)
        self._folders.add(number)
        held.callback(self._folders.discard, number)
        return number


def _side_channel(folder: int) -> HeldPort:
    """The same port for the same folder, or its compiled code would not be found; else any."""
    with suppress(GtcError):
        return HeldPort([SIDE_CHANNELS + folder])
    return HeldPort(PORTS)


def in_flight(metrics: str) -> float:
    """Requests inside a worker, by its metrics."""
    return sum(float(value) for value in _IN_FLIGHT.findall(metrics))


def refuse(plan: RealPlan, env: Environment, gpus: Sequence[Gpu]) -> None:
    """Say what is missing before anything is started.

    Raises:
        UsageError: What was asked for makes no sense here.
        GtcError: The GPUs cannot hold it, or vLLM is not installed.
    """
    if not env.nodes.gpus:
        raise UsageError(f"{env.name} has no GPUs to be played by real ones", "--env dev or prod")
    if plan.weights is None:
        random_weights(env.model.parameters_billion)
    else:
        lacking = [name for name in NEEDED_FILES if not (plan.weights / name).is_file()]
        if lacking:
            raise UsageError(f"no checkpoint in {plan.weights}: there is no {lacking[0]}")
    vllm = vllm_worker.vllm_settings(env, plan.python, random=plan.weights is None)
    for gpu in gpus:
        memory.plan(gpu, plan.share, vllm.weights_gib, vllm.sequence_bytes)
    slots, wanted = len(gpus) * plan.share, env.initial_ratio
    if slots < wanted.total:
        enough = -(-wanted.total // len(gpus))
        raise GtcError(
            f"{env.name} starts with {wanted}, {wanted.total} workers, and there is room for"
            f" {slots}",
            f"--gpu-share {enough} puts {enough} on one GPU, for a functional trial",
        )
    _has_vllm(plan.python)


def _has_vllm(python: str) -> None:
    get = "pip install 'gtc-demo[vllm]', or name a Python that has it with GTC_VLLM_PYTHON"
    try:
        answer = subprocess.run(
            [python, "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GtcError(f"cannot run {python}: {error}", get) from None
    if answer.returncode:
        said = (answer.stderr.strip().splitlines() or ["it failed"])[-1]
        raise GtcError(f"{python} has not all of vllm, dynamo, nixl: lacking {said}", get)
