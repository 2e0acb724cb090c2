"""The GPUs, or slots of other nodes, that every deployment on one node pool shares.

It also keeps how far scalers may go.

Arithmetic only: this module must not import cdktf.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from operator import mul
from typing import Final

from gtc_spec.errors import UsageError

_WAYS_MAX: Final = 2_000
"""Most combinations of waiting workers of each size that are looked into one by one."""


@dataclass(slots=True)
class _Claim:
    """What the workers of one service take.

    Attributes:
        owner: Path of their deployment.
        name: Name of their deployment.
        service: Their service.
        per_worker: GPUs of one of them.
        workers: So many there may be: at rest, or the maximum of their scaler.
        scaled: Whether there is a scaler.
    """

    owner: str
    name: str
    service: str
    per_worker: int
    workers: int
    scaled: bool = False

    @property
    def needed(self) -> int:
        return self.workers * self.per_worker


class SharedGpus:
    """One budget for all pools of all deployments on a node pool.

    A worker runs on one node, so that GPUs which are left on several of them make none.

    Args:
        total: GPUs of the node pool.
        per_node: GPUs of one node. Default: all of them.
        unit: What is shared, as messages call it. Default: gpus.
    """

    def __init__(self, *, total: int, per_node: int = 0, unit: str = "gpus") -> None:
        self._total, self._per_node, self._unit = total, per_node or total, unit
        self._claims: list[_Claim] = []

    def take(
        self, owner: str, *, per_worker: int, initial: Mapping[str, int], name: str = ""
    ) -> None:
        """Give a deployment its workers at rest.

        Args:
            owner: Path of the deployment.
            per_worker: GPUs of one worker.
            initial: Workers at rest by service.
            name: What messages call the deployment. Default: ``owner``.

        Raises:
            UsageError: They do not fit beside those that are there.
        """
        made = [_Claim(owner, name or owner, key, per_worker, n) for key, n in initial.items()]
        if self._total - _needed(self._claims) < _needed(made):
            left = self._total - _needed(self._claims)
            beside = f", {self._total - left} of them for {_owners(self._claims)}"
            raise UsageError(
                f"{self._listed(made)} need {_needed(made)} {self._unit}, allowed: at most {left}"
                + (f" of {self._total}{beside}" if self._claims else ""),
                "start fewer workers or add nodes",
            )
        if not self._fit([*self._claims, *made]):
            beside = f", beside those of {_owners(self._claims)}" if self._claims else ""
            raise UsageError(
                f"{self._listed(made)} need {per_worker} {self._unit} of one node each, allowed: "
                f"at most {self._room(self._claims, per_worker)} on {self._nodes}{beside}",
                "start fewer workers or add nodes: no worker spans nodes",
            )
        self._claims += made

    def reserve(self, owner: str, service: str, replicas: int, *, allow_pending: bool) -> None:
        """Note that a scaler may ask for so many workers of one service.

        Whoever allows pending workers is counted as at rest: the last ones may have to wait.

        Raises:
            UsageError: It could never have them, or not together with what is noted already.
        """
        claim = next(
            each for each in self._claims if (each.owner, each.service) == (owner, service)
        )
        others = [each for each in self._claims if each is not claim]
        if not allow_pending:
            ones = [replace(each, workers=1) for each in others]
            most, beside = self._room(ones, claim.per_worker), _needed(ones)
            if replicas > most:
                kept = f", {beside} of them for {_pools(others)}" if others else ""
                whole = most < (self._total - beside) // claim.per_worker
                there = f" on {self._nodes}" if whole else ""
                raise UsageError(
                    f"max_replicas={replicas} of {service} can never be had from {self._total} "
                    f"{self._unit}{there} at {claim.per_worker} a worker{kept}, "
                    f"allowed: at most {most}",
                    "lower max_replicas or add nodes",
                )
            claim.workers = replicas
        claim.scaled = True
        if all(each.scaled for each in self._claims) and (problem := self.overcommitted()):
            raise UsageError(problem, "lower a maximum, or pass allow_pending=True on purpose")

    def overcommitted(self) -> str:
        """What is wrong with all maxima together; empty when nothing is.

        Pools without a scaler count with their workers at rest.
        """
        if self._fit(self._claims):
            return ""
        needed = _needed(self._claims)
        whole = f" on {self._nodes}, each worker on one" if needed <= self._total else ""
        return (
            f"maxima {self._listed(self._claims)} need {needed} {self._unit}, "
            f"allowed: at most {self._total}{whole}"
        )

    @property
    def _nodes(self) -> str:
        return f"{self._total // self._per_node} nodes of {self._per_node}"

    def _fit(self, claims: Iterable[_Claim]) -> bool:
        """Whether nodes have room for all: the largest first, each on the first node that has.

        Where that finds none, every way is tried: for any sizes, up to `_WAYS_MAX`.
        """
        claims = list(claims)
        free = [self._per_node] * (self._total // self._per_node if self._per_node else 0)
        sizes = (each.per_worker for each in claims for _ in range(each.workers))
        for size in sorted(sizes, reverse=True):
            node = next((place for place, left in enumerate(free) if left >= size), None)
            if node is None:
                return self._fit_somehow(claims, len(free))
            free[node] -= size
        return True

    def _fit_somehow(self, claims: list[_Claim], nodes: int) -> bool:
        """Whether some way to fill one node after the other leaves no worker waiting."""
        counts: Counter[int] = Counter()
        for each in claims:
            counts[each.per_worker] += each.workers
        if prod(n + 1 for n in counts.values()) > _WAYS_MAX:
            return False
        sizes, waiting = tuple(counts), {tuple(counts.values())}
        for further in reversed(range(nodes)):
            waiting = {
                rest
                for some in waiting
                for rest in _after_a_node(sizes, some, self._per_node)
                if sum(map(mul, sizes, rest)) <= further * self._per_node
            }
        return bool(waiting) and not any(map(any, waiting))

    def _room(self, claims: list[_Claim], per_worker: int) -> int:
        """Most workers of a size that fit beside these."""
        most = (self._total - _needed(claims)) // per_worker
        more = (_Claim("", "", "", per_worker, workers) for workers in range(most, 0, -1))
        return next((each.workers for each in more if self._fit([*claims, each])), 0)

    def speaks_through(self, owner: str) -> bool:
        """Whether this deployment tells what is wrong, so that not every one does."""
        return bool(self._claims) and self._claims[0].owner == owner

    def _listed(self, claims: Iterable[_Claim]) -> str:
        """Workers by service, each with its deployment where there are several."""
        alone = len({each.owner for each in [*self._claims, *claims]}) == 1
        return " + ".join(
            f"{each.workers} {each.service}" + ("" if alone else f" of {each.name}")
            for each in claims
        )


def _needed(claims: Iterable[_Claim]) -> int:
    return sum(each.needed for each in claims)


def _after_a_node(
    sizes: tuple[int, ...], waiting: tuple[int, ...], room: int
) -> Iterator[tuple[int, ...]]:
    """Workers of each size that still wait, for every way to fill a node with some of them."""
    most = min(waiting[0], room // sizes[0])
    if len(sizes) == 1:
        yield (waiting[0] - most,)
        return
    for taken in range(most + 1):
        for rest in _after_a_node(sizes[1:], waiting[1:], room - taken * sizes[0]):
            yield (waiting[0] - taken, *rest)


def _owners(claims: Iterable[_Claim]) -> str:
    return " and ".join(dict.fromkeys(each.name for each in claims))


def _pools(claims: list[_Claim]) -> str:
    return "the other pool" if len(claims) == 1 else f"{len(claims)} other pools"
