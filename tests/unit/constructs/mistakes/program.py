"""What newcomers type, and what they are told: the means by which the tables are tried."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import gtc_constructs as gtc
from gtc_constructs._bindings import Vpc
from gtc_spec.environment import load
from tests.synthesised import ROOT

PROMPT = ">>> "
ENGINES = {
    mode: (ROOT / "examples" / "engines" / f"{mode}.yaml").read_text()
    for mode in ("prefill", "decode")
}
GPUS = gtc.NodePool.h100(count=3)
LLAMA = gtc.ModelRef(repository="meta-llama/Llama-3.1-8B-Instruct")
BACKEND = gtc.Trtllm(engine_configs=ENGINES)
FIXED = gtc.Workers(scaling_adapter=False)
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
THERE = gtc.ExistingPlatform()
WEIGHTS = gtc.ExistingModels(claim="weights")
FACTS = {
    "BACKEND": BACKEND,
    "ENGINES": ENGINES,
    "EXPORT": gtc.NfsExport(host="10.0.0.2", path="/models"),
    "GPUS": GPUS,
    "LLAMA": LLAMA,
    "MAP": MAP,
    "OTHER": {**MAP, "metadata": {"name": "other"}},
    "PROD": load("prod"),
    "VPC": gtc.ExistingVpc("5a4981aa-9653-4bd1-bef5-d6bff52042e4"),
    "TRIGGER": gtc.PrometheusTrigger(name="busy", query="sum(up)", threshold=2),
    "PROMETHEUS": gtc.ExistingMonitoring(prometheus_url="http://prometheus:9090"),
    "THERE": THERE,
    "WEIGHTS": WEIGHTS,
    "WEB": gtc.ScaleTarget(api_version="apps/v1", kind="Deployment", name="web", namespace="site"),
    "Path": Path,
    "date": date,
    "replace": replace,
    "timedelta": timedelta,
}


def serving(**choices: Any) -> gtc.Serving:
    """Llama 3.1 8B on three H100."""
    facts = {"name": "llama", "model": LLAMA, "gpu_pool": GPUS, "backend": BACKEND}
    return gtc.Serving(**facts | choices)


FACTS["serving"] = serving


def deployed(stack: gtc.TerraformStack, name: str, **pools: gtc.Workers) -> gtc.DisaggDeployment:
    """It on a platform that is there already."""
    return gtc.DisaggDeployment(
        stack, name, serving=serving(name=name), platform=THERE, models=WEIGHTS, **pools
    )


class Program(dict[str, Any]):
    """The names that a program has: the library's, and what it made before the mistake."""

    def __init__(self, app: gtc.App, stack: gtc.TerraformStack) -> None:
        super().__init__(FACTS, app=app, stack=stack)
        self._made = {
            "alone": lambda: gtc.TerraformStack(app, "alone"),
            "connection": lambda: gtc.ClusterConnection(stack, "connection", name="llm"),
            "platform": lambda: gtc.DynamoPlatform(stack, "platform"),
            "token": lambda: gtc.SecretRef.from_variable(stack, "token", description="token"),
            "vpc": lambda: Vpc(stack, "vpc", name="vpc", region="nyc2"),
            "llama": lambda: deployed(stack, "llama"),
            "fixed": lambda: deployed(stack, "fixed", prefill=FIXED, decode=FIXED),
        }

    def __missing__(self, name: str) -> Any:
        if name in gtc.__all__:
            return getattr(gtc, name)
        return self.setdefault(name, self._made[name]())


@dataclass(frozen=True)
class Row:
    """What somebody types, and what comes of it.

    Attributes:
        place: Where the row stands.
        typed: The program.
        kind: ``error``, ``accepted``, or ``python`` for an error that is Python's own.
        said: The line of the error, or why the program is accepted.
        hint: The hint of the error.
    """

    place: str
    typed: str
    kind: str
    said: str
    hint: str = ""


def rows(kind: str) -> list[Row]:
    """All rows of a kind, from the tables beside this file."""
    files = sorted(Path(__file__).parent.glob("*.txt"))
    return [row for file in files for row in _read(file) if row.kind == kind]


def _read(file: Path) -> Iterator[Row]:
    for number, block in enumerate(file.read_text().strip().split("\n\n")):
        lines = block.splitlines()
        typed = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
        if not typed:
            continue
        kind, said = lines[len(typed)].split(": ", 1)
        hint = "".join(lines[len(typed) + 1 :]).removeprefix("hint: ")
        yield Row(f"{file.stem} {number}", "\n".join(typed), kind, said, hint)


def run(typed: str, app: gtc.App, stack: gtc.TerraformStack) -> None:
    """Run what somebody typed."""
    exec(typed, Program(app, stack))


def behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that a traceback would show with it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
