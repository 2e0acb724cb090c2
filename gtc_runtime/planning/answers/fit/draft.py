"""A phase table that is being worked on, and why each of its values was changed.

It knows how values are changed and what changed; it must not know what makes a value good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gtc_spec import rules
from gtc_spec.environment import Environment
from gtc_spec.facts import Story
from gtc_spec.phases import Phase, PhaseTable
from gtc_spec.pools import ROLES, Role

Key = tuple[str, str]
"""Phase and field; an empty phase is the table, ``pools.ROLE`` a scaler."""


@dataclass(frozen=True)
class Change:
    """One value that is other than it was.

    Attributes:
        where: Phase, ``pools.ROLE.scale``, or empty for the table itself.
        what: Name of the value.
        before, after: As they are written; empty for none.
        why: One line.
    """

    where: str
    what: str
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class Draft:
    """A show on its way.

    Attributes:
        environment: With the values so far.
        whys: Why a value was changed.
    """

    environment: Environment
    whys: dict[Key, str] = field(default_factory=dict)

    def phase(self, name: str) -> Phase | None:
        """One phase; None when the table lacks it."""
        return next((each for each in self.environment.table.phases if each.name == name), None)

    def with_phase(self, name: str, why: str, **values: Any) -> Draft:
        """With other values of one phase."""
        phases = tuple(
            each.model_copy(update=values) if each.name == name else each
            for each in self.environment.table.phases
        )
        whys = {**self.whys, **{(name, what): why for what in values}}
        return Draft(with_table(self.environment, phases=phases), whys)

    def with_lead(self, lead_s: float, why: str) -> Draft:
        """With another lead."""
        whys = {**self.whys, ("", "lead_s"): why}
        return Draft(with_table(self.environment, lead_s=lead_s), whys)

    def with_scale(self, role: Role, why: str, **values: Any) -> Draft:
        """With other values of one scaler."""
        pools = self.environment.pools
        pool = pools.of(role)
        changed = pool.model_copy(update={"scale": pool.scale.model_copy(update=values)})
        whys = {**self.whys, **{(f"pools.{role}.scale", what): why for what in values}}
        update = {"pools": pools.model_copy(update={role: changed})}
        return Draft(self.environment.model_copy(update=update), whys)

    @property
    def problems(self) -> list[str]:
        """The rules that it breaks."""
        return [str(each) for each in rules.check(self.environment, "draft")]

    def changes(self, before: Environment) -> Iterator[Change]:
        """What is other than it was, in the order of the table."""
        yield from self._differ("", before.table, self.environment.table, ("lead_s",))
        for old, new in zip(before.table.phases, self.environment.table.phases, strict=True):
            fields = [each for each in Phase.model_fields if each != "name"]
            yield from self._differ(str(old.name), old, new, fields)
        for role in ROLES:
            was, now = before.pools.of(role).scale, self.environment.pools.of(role).scale
            yield from self._differ(f"pools.{role}.scale", was, now, ("threshold", "min", "max"))

    def _differ(self, where: str, old: Any, new: Any, fields: Iterable[str]) -> Iterator[Change]:
        for what in fields:
            was, now = getattr(old, what), getattr(new, what)
            if was != now:
                why = self.whys.get((where, what), "")
                yield Change(where, what, written(was), written(now), why)


def with_table(environment: Environment, **values: Any) -> Environment:
    """The environment with other values of the table in use."""
    table: PhaseTable = environment.table.model_copy(update=values)
    tables = {**environment.phase_tables, environment.phases: table}
    return environment.model_copy(update={"phase_tables": tables})


def only(environment: Environment, names: Iterable[str]) -> Environment:
    """The show with some of its phases."""
    wanted = set(names)
    phases = tuple(each for each in environment.table.phases if each.name in wanted)
    return with_table(environment, phases=phases)


AIMS = Story(
    prefill_stress_ttft_ratio_min=2.5,
    prefill_recovery_ttft_ratio_max=2.0,
    decode_stress_itl_ratio_min=1.25,
    decode_recovery_share_min=0.5,
    kv_turn2_share_max=0.6,
)
"""What a phase is to show where the environment claims nothing of it."""


def aiming(environment: Environment) -> Environment:
    """The environment with every claim, those that it does not judge as well."""
    aims = {name: getattr(AIMS, name) for name in Story.model_fields
            if getattr(environment.story, name) is None}  # fmt: skip
    return environment.model_copy(update={"story": environment.story.model_copy(update=aims)})


def written(value: Any) -> str:
    """A value as a table has it; empty for none."""
    if value is None:
        return ""
    if hasattr(value, "duration_s"):
        return f"{value.duration_s:g} s at {value.rps:g} rps of {value.mix}, {value.ratio}"
    return f"{value:g}" if isinstance(value, float) else str(value)
