"""Rules that span more than one value of an environment.

Each rule is one function from an environment to the problems that it finds; `check` runs all of
them, so that a person sees every broken rule at once. Single values are checked by their models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from gtc_spec.cloud.memory import misfit
from gtc_spec.cloud.nodes import CpuNodes, counted
from gtc_spec.engines.choices import MockerChoice
from gtc_spec.engines.timed import timed_for
from gtc_spec.errors import Problem
from gtc_spec.facts import Environment
from gtc_spec.phases import Phase, PhaseName, PhaseTable, Timeline
from gtc_spec.pools import ROLES
from gtc_spec.serving import smaller_checkpoint

Rule = Callable[[Environment], Iterator[tuple[str, str, str]]]
"""Yields (key, value received, what is allowed)."""


def check(environment: Environment, file: str) -> list[Problem]:
    """Every broken cross-field rule of the environment."""
    return [
        Problem(file, key, value, allowed)
        for rule in _RULES
        for key, value, allowed in rule(environment)
    ]


def _table_exists(env: Environment) -> Iterator[tuple[str, str, str]]:
    if env.phases not in env.phase_tables:
        yield "phases", env.phases, f"one of {', '.join(sorted(env.phase_tables))}"


def _slots_hold_the_timeline(env: Environment) -> Iterator[tuple[str, str, str]]:
    for name, table in env.phase_tables.items():
        key = f"phase_tables.{name}"
        for phase in table.phases:
            if phase.ratio.total > env.slots:
                yield (
                    f"{key}.{phase.name}.ratio",
                    str(phase.ratio),
                    f"at most {counted(env.slots, env.nodes)}",
                )
        lead_s = env.worker_start_s if table.lead_s is None else table.lead_s
        worst = max(_occupied(env, Timeline(table.phases, lead_s)))
        if worst[0] > env.slots:
            yield (
                key,
                f"{counted(worst[0], env.nodes)} at {-worst[1]:.0f} s of the cycle, starting and "
                "draining too",
                f"at most {env.slots} at every instant",
            )


def _occupied(env: Environment, timeline: Timeline) -> Iterator[tuple[int, float]]:
    """(Slots in use, minus the time) at every change over two cycles; max() finds the worst."""
    changes = [
        (at + lap * timeline.cycle_s, ratio) for lap in (0, 1) for at, ratio in timeline.instants()
    ]
    for index, (at, ratio) in enumerate(changes):
        draining = 0
        for role in ROLES:
            drain_s = env.pools.of(role).drain_s
            for (_, before), (when, after) in pairwise(changes[: index + 1]):
                if at - drain_s < when <= at:
                    draining += max(0, before.of(role) - after.of(role))
        yield ratio.total + draining, -at


def _phases_are_whole(env: Environment) -> Iterator[tuple[str, str, str]]:
    for name, table in env.phase_tables.items():
        yield from _phase_problems(env, name, table)


def _phase_problems(
    env: Environment, name: str, table: PhaseTable
) -> Iterator[tuple[str, str, str]]:
    for phase in table.phases:
        key = f"phase_tables.{name}.{phase.name}"
        settled_rps = phase.settle.rps if phase.settle else None
        for rps in (phase.rps, phase.ramp_to_rps, settled_rps):
            if rps is not None and rps > env.load.rps_max:
                yield f"{key}.rps", f"{rps:g}", f"at most load.rps_max = {env.load.rps_max:g}"
        if phase.gate and (phase.max_s is None or phase.max_s < phase.duration_s):
            yield f"{key}.max_s", str(phase.max_s), f"at least duration_s = {phase.duration_s:g}"
        if phase.max_s is not None and not phase.gate:
            yield f"{key}.max_s", f"{phase.max_s:g}", "only together with gate"
        if phase.guard_queued and not phase.name.stresses:
            stresses = " and ".join(name for name in PhaseName if name.stresses)
            yield f"{key}.guard_queued", str(phase.guard_queued), f"only on {stresses}"
        words = len(phase.narration.split())
        if words > 12:
            yield f"{key}.narration", f"{words} words", "at most 12 words"
    yield from _order_problems(env, name, table.phases)


def _order_problems(
    env: Environment, name: str, phases: tuple[Phase, ...]
) -> Iterator[tuple[str, str, str]]:
    listed = [phase.name for phase in phases]
    if len(set(listed)) != len(listed):
        yield f"phase_tables.{name}", ", ".join(listed), "each phase once"
    last = phases[-1]
    resting = last.settle.ratio if last.settle else last.ratio
    if resting != env.initial_ratio:
        yield (
            f"phase_tables.{name}.{last.name}.ratio",
            str(resting),
            f"the initial ratio {env.initial_ratio}",
        )


def _scalers_fit(env: Environment) -> Iterator[tuple[str, str, str]]:
    maxima = {role: env.pools.of(role).scale.max for role in ROLES}
    needed = sum(maxima.values())
    if needed > env.slots and not env.allow_pending:
        yield (
            "pools.*.scale.max",
            f"{counted(needed, env.nodes)} (prefill {maxima['prefill']}, decode "
            f"{maxima['decode']})",
            f"at most {counted(env.slots, env.nodes)}, or allow_pending = true",
        )
    for role in ROLES:
        pool = env.pools.of(role)
        if pool.scale.min > pool.scale.max:
            yield f"pools.{role}.scale.min", str(pool.scale.min), f"at most max = {pool.scale.max}"
    if env.initial_ratio.total > env.slots:
        yield "pools.*.initial", str(env.initial_ratio), f"at most {counted(env.slots, env.nodes)}"


def _prompts_fit(env: Environment) -> Iterator[tuple[str, str, str]]:
    longest = env.workloads.longest_prompt_tokens
    if longest > env.load.prompt_tokens_max:
        yield "load.prompt_tokens_max", str(env.load.prompt_tokens_max), f"at least {longest}"
    answer = env.workloads.longest_answer_tokens
    if answer > env.load.max_tokens_max:
        yield "load.max_tokens_max", str(env.load.max_tokens_max), f"at least {answer}"


def _model_fits_the_gpu(env: Environment) -> Iterator[tuple[str, str, str]]:
    model = env.model
    if isinstance(env.nodes, CpuNodes):
        return  # a simulated worker loads no weights
    found = misfit(model.parameters_billion, model.weight_bytes, env.nodes.memory_gib)
    if found:
        got, allowed = found
        known = smaller_checkpoint(model)
        advice = f"such as {known}" if known else "with weight_bytes = 1"
        yield (
            "model.repository",
            f"{model.repository}: {got}",
            f"{allowed}: name an fp8 checkpoint {advice}",
        )


def _engine_suits_the_nodes(env: Environment) -> Iterator[tuple[str, str, str]]:
    simulated = isinstance(env.engine, MockerChoice)
    if isinstance(env.nodes, CpuNodes) and not simulated:
        yield "engine.name", env.engine.name, "mocker on nodes without gpus"
    if not simulated and env.hosting.share is None:
        yield "hosting.share", "nothing", "a share: the engine loads a checkpoint from it"
    if simulated and env.hosting.share is not None:
        yield "hosting.share", f"{env.hosting.share.gib} gib", "none: nothing would be stored on it"


def _profile_is_the_engines(env: Environment) -> Iterator[tuple[str, str, str]]:
    engine = env.engine.traits
    own = timed_for(env.model.profile, engine.name)
    if own != env.model.profile:
        yield "model.profile", env.model.profile, f"{own}, which has the times of {engine.name}"


_RULES: tuple[Rule, ...] = (
    _table_exists,
    _phases_are_whole,
    _slots_hold_the_timeline,
    _scalers_fit,
    _prompts_fit,
    _model_fits_the_gpu,
    _engine_suits_the_nodes,
    _profile_is_the_engines,
)
