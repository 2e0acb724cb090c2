"""TensorRT-LLM 1.2.0rc6 under Dynamo 0.8.1, configured by one engine file a pool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Literal

from gtc_spec import versions
from gtc_spec.arguments import checked
from gtc_spec.engines import engine_config
from gtc_spec.engines.backend import Backend, Launch
from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.engines.traits import Traits
from gtc_spec.errors import UsageError
from gtc_spec.names import EngineName
from gtc_spec.pools import ROLES, Mode

TRAITS: Final = Traits(
    name="trtllm",
    title="TensorRT-LLM",
    # dynamo/trtllm/utils/trtllm_utils.py of the 0.8.1 wheel
    components={"prefill": "prefill", "decode": "tensorrt_llm"},
    block_tokens=engine_config.BLOCK_TOKENS,
    queue_metric="trtllm_request_queue_time_seconds",
    metric_labels=("model_name", "engine_type"),
    kv_gauges=ROLES,
)

KvTransport = Literal["nixl", "ucx"]
"""How KV blocks travel from prefill to decode."""
EngineConfigs = Path | Mapping[Mode, str]
"""Folder of engine files, or their texts by mode."""


@checked
@dataclass(frozen=True, kw_only=True)
class Trtllm(Backend):
    """Workers that run TensorRT-LLM, the default.

    Attributes:
        engine_configs: Folder with ``prefill.yaml``, ``decode.yaml`` and, for one pool,
            ``aggregated.yaml``; or their texts by mode. Default: none, which is refused once they
            are shipped.
        kv_transport: ``"ucx"`` or ``"nixl"``, over the engine files: NIXL fails between workers of
            one host with this release (ai-dynamo/dynamo#5884). Default: as the files say.
        image: Image of the workers. Default: NVIDIA's of release 0.8.1, with 1.2.0rc6.

    """

    traits: ClassVar[Traits] = TRAITS
    command: ClassVar[tuple[str, ...]] = ("python3", "-m", "dynamo.trtllm")
    framework: ClassVar[EngineName | None] = TRAITS.name
    reads_engine_file: ClassVar[bool] = True
    shared_memory: ClassVar[str | None] = "80Gi"
    """As in NVIDIA's recipes instead of the default 8Gi."""

    image: str = versions.WORKER_IMAGE
    engine_configs: EngineConfigs = field(default_factory=dict)
    kv_transport: KvTransport | None = None

    def arguments(self, launch: Launch) -> list[str]:
        """The arguments of a worker's process in this ``launch``."""
        aggregated = launch.mode == "aggregated"
        return [
            "--model-path", launch.model_path,
            "--served-model-name", launch.served_name,
            *([] if aggregated else ["--disaggregation-mode", launch.mode]),
            "--extra-engine-args", launch.engine_file,
            *([] if aggregated else self._transport()),
            # prefill: KV events for the router; decode: in 0.8.x the same flag opens the metrics
            "--publish-events-and-metrics",
        ]  # fmt: skip

    def _transport(self) -> list[str]:
        if self.kv_transport is None:
            return []
        # merged over the engine file; an environment variable does not work (ai-dynamo/dynamo#5375)
        backend = {"backend": self.kv_transport.upper()}
        return ["--override-engine-args", json.dumps({"cache_transceiver_config": backend})]

    def engine_files(self, modes: Sequence[Mode], facts: EngineFacts) -> dict[Mode, str]:
        """The engine files of ``modes``, checked against ``facts``.

        Raises:
            UsageError: A file is missing.
            ConfigError: A file would stop or deadlock its workers; every problem at once.
        """
        name = engine_config.file_name
        files = {mode: self._engine_file(mode) for mode in modes}
        for mode, text in files.items():
            engine_config.check(name(mode), text, mode, facts)
        if "prefill" in files and "decode" in files:
            engine_config.check_agreement(
                (name("prefill"), files["prefill"]), (name("decode"), files["decode"])
            )
        return files

    def _engine_file(self, mode: Mode) -> str:
        source = self.engine_configs
        if isinstance(source, Mapping):
            if mode not in source:
                got = ", ".join(source) or "none"
                raise UsageError(f"no engine config for {mode}, got {got}, allowed: one a mode")
            return source[mode]
        path = Path(source) / engine_config.file_name(mode)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"cannot read {path}: {_why(error)}", f"it configures the {mode} workers"
            ) from None


def _why(error: OSError | UnicodeDecodeError) -> str:
    reason = error.strerror if isinstance(error, OSError) else error.reason
    return str(reason).lower()
