"""The changes of a fit as TOML that an environment's file takes, with one line of why for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gtc_runtime.planning.answers.fit.draft import Change
from gtc_spec.environment import Environment
from gtc_spec.phases import Phase, Settle
from gtc_spec.pools import ROLES


def patch(environment: Environment, changes: Sequence[Change]) -> str:
    """What changes, ready to be laid over the environment with ``--patch``.

    Args:
        environment: With the new values.
        changes: What is other than before; nothing else is written but which table they are of,
            and its phases, which TOML only takes as a whole.
    """
    chosen = f'phases = "{environment.phases}"  # the table that was fitted'
    if not changes:
        return f"# environments/{environment.name}.toml: nothing changes\n{chosen}\n"
    lines = [f"# environments/{environment.name}.toml: what changes, and why", chosen]
    for role in ROLES:
        lines += _scale(environment, role, [each for each in changes if role in each.where])
    if any(not each.where.startswith("pools.") for each in changes):
        lines += _table(environment, changes)
    return "\n".join([*lines, ""])


def _scale(environment: Environment, role: str, changes: Sequence[Change]) -> Iterator[str]:
    if changes:
        yield ""
        yield f"[pools.{role}.scale]"
    scale = environment.pools.prefill.scale if role == "prefill" else environment.pools.decode.scale
    for each in changes:
        yield f"{each.what} = {getattr(scale, each.what):g}  # was {each.before}: {each.why}"


def _table(environment: Environment, changes: Sequence[Change]) -> Iterator[str]:
    table = environment.table
    yield ""
    yield f"[phase_tables.{environment.phases}]"
    for each in changes:
        if not each.where:
            yield f"{each.what} = {each.after}  # was {each.before or 'empty'}: {each.why}"
    if table.lead_s is not None and not any(not each.where for each in changes):
        yield f"lead_s = {table.lead_s:g}"
    yield "phases = ["
    for phase in table.phases:
        for each in changes:
            if each.where == phase.name:
                was = each.before or "none"
                yield f"  # {each.what}: {was} -> {each.after or 'none'}: {each.why}"
        yield f"  {_phase(phase)},"
    yield "]"


def _phase(phase: Phase) -> str:
    return _inline({**_plain(phase, ("settle", "narration")), "narration": phase.narration},
                   phase.settle)  # fmt: skip


def _plain(value: Phase | Settle, without: Sequence[str] = ()) -> dict[str, object]:
    dumped = value.model_dump(mode="json", exclude_none=True)
    return {key: each for key, each in dumped.items() if key not in without}


def _inline(values: dict[str, object], settle: Settle | None = None) -> str:
    told = [f"{key} = {_written(value)}" for key, value in values.items()]
    if settle is not None:
        told.append(f"settle = {_inline(_plain(settle))}")
    return f"{{ {', '.join(told)} }}"


def _written(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:g}" if isinstance(value, float) else str(value)
