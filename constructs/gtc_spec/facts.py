"""Every fact of one deployment in one frozen object.

Single values are checked here, rules that span several in `gtc_spec.rules`, and where they come
from is `gtc_spec.environment`. It must not know Kubernetes, Terraform or the network.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from gtc_spec.cloud.hosting import Hosting
from gtc_spec.cloud.nodes import WorkerNodes
from gtc_spec.cloud.spaces import Spaces
from gtc_spec.engines import Backend, Engine, EngineFacts
from gtc_spec.engines.choices import TrtllmChoice
from gtc_spec.engines.trtllm import EngineConfigs
from gtc_spec.environment_files import ENVIRONMENTS
from gtc_spec.errors import UsageError
from gtc_spec.phases import Phase, PhaseName, PhaseTable, Timeline
from gtc_spec.pools import PDRatio, Pools
from gtc_spec.profiles.profile import Profile
from gtc_spec.serving import LoadLimits, Model, Slo
from gtc_spec.telemetry.metric import Where
from gtc_spec.workloads import Workloads

_DECODE_BATCH_MIN: Final = 256
"""Below it the engine hides decode stress: ITL stays flat and the excess shows as TTFT."""


class Rehearsal(BaseModel):
    """Facts that only the cluster on localhost needs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kv_link_gb_s: float = Field(gt=0)
    """Bandwidth of one worker's KV transfers, GB/s."""
    link_contention: bool = False
    """Whether a worker's link is shared by its transfers; the planner models it, the simulated
    workers do not."""


class Story(BaseModel):
    """What one cycle must show; a claim that is left out is not judged in this environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prefill_stress_ttft_ratio_min: float | None = Field(default=None, gt=1)
    """Workload-B TTFT p95 of PREFILL_STRESS over BALANCED."""
    prefill_recovery_ttft_ratio_max: float | None = Field(default=None, gt=0)
    """The same figure in the tail of PREFILL_RECOVERY over BALANCED."""
    decode_stress_itl_ratio_min: float | None = Field(default=None, gt=1)
    """ITL of DECODE_STRESS over BALANCED."""
    decode_recovery_share_min: float | None = Field(default=None, gt=0, lt=1)
    """Share of that rise which the tail of DECODE_RECOVERY gives back."""
    kv_turn2_share_max: float | None = Field(default=None, gt=0, lt=1)
    """Median TTFT of turn 2+ over turn 1 in KV_CACHE_DEMO."""
    itl_quantile: Literal["p50", "p95"] = "p95"
    """The ITL figure that is judged."""
    not_judged: str = ""
    """Why a claim is left out, one sentence."""


class Environment(BaseModel):
    """All facts of one environment. Build it with `gtc_spec.environment.load`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    region: str
    worker_start_s: float = Field(gt=0, le=1800)
    """From the scale call to Ready, seconds."""
    grove: bool
    """Whether Grove and KAI schedule the pods as gangs; else the operator makes Deployments."""
    kai_queue: str
    model: Model
    engine: Engine = TrtllmChoice()
    nodes: WorkerNodes
    hosting: Hosting
    spaces: Spaces
    pools: Pools
    allow_pending: bool = False
    """KEDA may ask for more workers than there are slots; the last ones stay Pending."""
    slo: Slo
    workloads: Workloads
    load: LoadLimits
    rehearsal: Rehearsal
    story: Story
    phases: str
    """Name of the phase table that the show plays."""
    phase_tables: dict[str, PhaseTable]
    until: datetime | None = None
    """When everything that costs money is to be gone; None when nobody said."""

    @field_validator("name")
    @classmethod
    def _name_is_known(cls, name: str) -> str:
        if name not in ENVIRONMENTS:
            raise ValueError(f"one of {', '.join(ENVIRONMENTS)}")
        return name

    @property
    def slots(self) -> int:
        """Workers that can run at any one time, one a GPU where there are GPUs."""
        return self.nodes.slots

    def backend(self, engine_configs: EngineConfigs | None = None) -> Backend:
        """How its workers are run; the files are looked into by an engine that reads some."""
        model = self.model
        return self.engine.backend(model.profile, model.kv_fraction, engine_configs or {})

    @property
    def engine_facts(self) -> EngineFacts:
        """What its workers provide for; its GPU timings count on fraction and type of the pool."""
        return EngineFacts(
            prompt_tokens_max=self.load.prompt_tokens_max,
            answer_tokens_max=self.load.max_tokens_max,
            kv_fraction=self.model.kv_fraction,
            kv_dtype="fp8" if Profile.load(self.model.profile).kv == "fp8" else "auto",
            decode_batch_min=_DECODE_BATCH_MIN,
        )

    @property
    def initial_ratio(self) -> PDRatio:
        """The ratio that every demo starts and ends with."""
        return self.pools.initial_ratio

    @property
    def full_ratio(self) -> PDRatio:
        """The ratio of FULL_LOAD; without that phase the one with most workers."""
        phases = self.table.phases
        full = (each for each in phases if each.name is PhaseName.FULL_LOAD)
        return next(full, max(phases, key=lambda each: each.ratio.total)).ratio

    @property
    def table(self) -> PhaseTable:
        """The phase table in use."""
        return self.phase_tables[self.phases]

    @property
    def lead_s(self) -> float:
        """How long ahead growth is ordered."""
        return self.worker_start_s if self.table.lead_s is None else self.table.lead_s

    @property
    def timeline(self) -> Timeline:
        """The phase table in use, expanded."""
        return Timeline(self.table.phases, self.lead_s)

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with any fact but the end date; stamped on deployments."""
        facts = self.model_dump(mode="json", exclude={"until"})  # moving the end changes no pod
        canonical = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def where(self, *, rehearsal: bool) -> Where:
        """Which metrics there are, on localhost or on a cluster of this environment."""
        if rehearsal:
            return "rehearsal"
        return "cluster" if self.nodes.gpus else "simulated"

    def scaled(self, factor: float, *, starts: bool = True) -> Environment:
        """The same show with phases, leads and worker starts stretched by ``factor``.

        Step times, drains, the Lease and the guardian stay real; without ``starts`` so do worker
        starts, and a lead that is one.
        """
        if not 0 < factor <= 10:
            raise UsageError(f"time scale {factor:g} is out of range, allowed: above 0 up to 10")
        if factor == 1:
            return self
        tables = {name: _scaled_table(table, factor) for name, table in self.phase_tables.items()}
        start_s = self.worker_start_s * (factor if starts else 1.0)
        return self.model_copy(update={"worker_start_s": start_s, "phase_tables": tables})


def _scaled_phase(phase: Phase, factor: float) -> Phase:
    settle = phase.settle
    return phase.model_copy(
        update={
            "duration_s": phase.duration_s * factor,
            "max_s": None if phase.max_s is None else phase.max_s * factor,
            "settle": settle
            and settle.model_copy(update={"duration_s": settle.duration_s * factor}),
        }
    )


def _scaled_table(table: PhaseTable, factor: float) -> PhaseTable:
    return table.model_copy(
        update={
            "lead_s": None if table.lead_s is None else table.lead_s * factor,
            "phases": tuple(_scaled_phase(phase, factor) for phase in table.phases),
        }
    )
