"""What the checks look at: one cluster, the services on it and the settings of this process.

It gives answers or says which check tells why there is none. It must not judge anything.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from gtc_runtime.cluster.api.errors import Denied, KubeError, NotFound, first_line
from gtc_runtime.cluster.api.kube import Json, Kube, Objects
from gtc_runtime.cluster.api.service_proxy import reached
from gtc_runtime.cluster.api.transport import Limits
from gtc_runtime.cluster.cluster import is_rehearsal
from gtc_runtime.places import INSIDE, Place
from gtc_runtime.settings import Settings
from gtc_runtime.verdict import NotApplicable, RestsOn
from gtc_spec import foreign_json, names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import Kind
from gtc_spec.telemetry.metric import Where

ANSWER_S: Final = 5.0
"""Longest wait for one answer of a place."""
LIMITS: Final = Limits(exchange_s=5.0, tries=2, total_s=10.0)
"""Of each question to Kubernetes: a Helm record of half a megabyte comes over a booth's Wi-Fi."""
_UNKNOWN_KIND: Final = ("page not found", "could not find the requested resource")
"""Words of a 404 that is about a kind and not about an object."""


@dataclass(frozen=True)
class Scene:
    """Everything that a check may look at.

    Attributes:
        env: What should be deployed.
        settings: Of this process.
        addresses: Base URL of each place that can be reached from here.
        rehearsal: Whether the cluster is a rehearsal, as it says itself.
        is_panel: Whether this process is the panel that is asked about.
        problem: Why there is no cluster; None when there is one.
        hidden: Why it is not known whether the cluster is a rehearsal; None when it is.
        now: This machine's wall clock.
    """

    env: Environment
    settings: Settings
    addresses: Mapping[Place, str] = field(default_factory=dict)
    rehearsal: bool = False
    is_panel: bool = False
    problem: GtcError | None = None
    hidden: GtcError | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _kube: Kube | None = None
    _session: aiohttp.ClientSession | None = None

    @property
    def kube(self) -> Kube:
        """The client of the workload's namespace.

        Raises:
            Denied: Our account may not even say hello to it.
            RestsOn: There is no cluster.
        """
        if self.problem is not None and is_forbidden(self.problem):
            raise self.problem
        if self._kube is None:
            raise RestsOn("kubernetes", self.problem.message if self.problem else "not connected")
        return self._kube

    @property
    def where(self) -> Where:
        """Which metrics there are.

        Raises:
            Denied: Our account may not look at what tells it.
        """
        return self.env.where(rehearsal=self.surely_rehearsal)

    @property
    def surely_rehearsal(self) -> bool:
        """As `rehearsal`, for a verdict that depends on it.

        Raises:
            Denied: Our account may not look at what tells it.
        """
        for error in (self.problem, self.hidden):
            if error is not None and is_forbidden(error):
                raise error
        return self.rehearsal

    async def one(
        self, kind: Kind, name: str, namespace: str = names.NAMESPACE_WORKLOAD
    ) -> Json | None:
        """An object; None when there is none of that name.

        Raises:
            RestsOn: Kubernetes does not know the kind.
        """
        try:
            return await Kube(self.kube.transport, namespace).get(kind, name)
        except NotFound as error:
            _refuse_unknown_kind(error)
            return None

    async def all(
        self,
        kind: Kind,
        labels: Mapping[str, str] | None = None,
        namespace: str = names.NAMESPACE_WORKLOAD,
    ) -> Objects:
        """Objects of a namespace; of the whole cluster when ``namespace`` is empty.

        Raises:
            RestsOn: Kubernetes does not know the kind.
        """
        kind = kind if namespace else replace(kind, namespaced=False)
        try:
            return await Kube(self.kube.transport, namespace).list(kind, labels)
        except NotFound as error:
            _refuse_unknown_kind(error)
            raise

    async def text(self, place: Place, path: str, body: Json | None = None) -> str:
        """The answer of a place to GET, or to POST with a body.

        Raises:
            NotApplicable: Nobody said where the place is.
            Denied: Our account may not look, says the place or the proxy before it.
            RestsOn: It does not answer as it should; names the check of that place.
        """
        base = self.addresses.get(place)
        if not base or self._session is None:
            raise NotApplicable(f"no address of {place}: set GTC_{place.upper()}_URL")
        method = "GET" if body is None else "POST"
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        try:
            async with self._session.request(
                method, base.rstrip("/") + path, json=body, timeout=timeout
            ) as answer:
                text = await answer.text(errors="replace")
        except TimeoutError:
            raise RestsOn(place, f"{base} does not answer within {ANSWER_S:g} s") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise RestsOn(place, f"{base} does not answer: {first_line(str(error))}") from None
        told = f"{base}{path} answers {answer.status}: {first_line(text)}"
        if answer.status == 403:
            raise Denied(told, status=403)
        if answer.status >= 400:
            raise RestsOn(place, told)
        return text

    async def json(self, place: Place, path: str, body: Json | None = None) -> Any:
        """As `text`, read as JSON."""
        try:
            return foreign_json.read(await self.text(place, path, body))
        except ValueError:
            raise RestsOn(place, f"{self.addresses[place]}{path} answers no JSON") from None


@contextlib.asynccontextmanager
async def opened(
    env: Environment,
    settings: Settings,
    addresses: Mapping[Place, str],
    *,
    is_panel: bool = False,
    absent: GtcError | None = None,
) -> AsyncIterator[Scene]:
    """Connect to the cluster of the settings; a cluster that is away is part of the scene.

    Args:
        env: What should be deployed.
        settings: Which kubeconfig, and where a corpus lies.
        addresses: Where places answer; on a cluster the others are reached through Kubernetes,
            unless the panel asks, which may not.
        is_panel: Whether this process is the panel.
        absent: Why there is no cluster to connect to, when that is known already.
    """
    scene = Scene(env, settings, addresses, is_panel=is_panel)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        scene = replace(scene, problem=absent, _session=session)
        if absent is not None:
            yield scene
            return
        try:
            kube = await Kube.connect(names.NAMESPACE_WORKLOAD, settings.kubeconfig or None, LIMITS)
        except GtcError as error:
            yield replace(scene, problem=error)
            return
        stack.push_async_callback(kube.close)
        rehearsal, hidden = False, None
        try:
            rehearsal = await is_rehearsal(kube)
        except KubeError as error:  # a check of its own says so when there is no graph
            hidden = error
        known = {place: url for place, url in addresses.items() if url}
        if not rehearsal and not is_panel:
            for place in INSIDE.keys() - known.keys():
                known[place] = await stack.enter_async_context(_through(kube, place))
        yield replace(scene, addresses=known, rehearsal=rehearsal, hidden=hidden, _kube=kube)


def _through(kube: Kube, place: Place) -> contextlib.AbstractAsyncContextManager[str]:
    parts = urlsplit(INSIDE[place])
    service, namespace = (parts.hostname or "").split(".")[:2]
    return reached(kube, namespace, service, parts.port or 80)


def _refuse_unknown_kind(error: NotFound) -> None:
    if any(words in error.message for words in _UNKNOWN_KIND):
        raise RestsOn("definitions", error.message) from None


def is_forbidden(error: GtcError) -> bool:
    """Whether our account is known and may not look, other than credentials that have expired."""
    return isinstance(error, Denied) and error.status == 403
