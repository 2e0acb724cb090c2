"""From a request to the function that answers it, with the scope that its token must have.

Scopes are those of DigitalOcean's OpenAPI document (security of each operation).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from tests.digitalocean.answers import Answer, Refused
from tests.digitalocean.bodies import Body

if TYPE_CHECKING:
    from tests.digitalocean.account import Account

B = TypeVar("B", bound=Body)

FULL_ACCESS = frozenset({"read", "write"})
"""Scopes of a token with full access, as the token information names them (unverified)."""


@dataclass(frozen=True)
class Request:
    """One request, read.

    Attributes:
        account: Whose.
        query: Last value of each parameter.
        body: The JSON body; None without one.
        parts: What the groups of the path matched.
        token: Who asks.
    """

    account: "Account"
    query: Mapping[str, str]
    body: Any
    parts: tuple[str, ...]
    token: str

    def read(self, kind: type[B]) -> B:
        """The body, checked field by field."""
        return kind.model_validate(self.body)


Handler = Callable[[Request], Answer]


@dataclass(frozen=True)
class Route:
    """Where a request goes."""

    method: str
    path: re.Pattern[str]
    scope: str
    handler: Handler


class Routes:
    """A list that functions put themselves on."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(self, method: str, path: str, scope: str) -> Callable[[Handler], Handler]:
        """Answer this method and path (a regular expression); the scope may be empty."""

        def put(handler: Handler) -> Handler:
            self.all.append(Route(method, re.compile(path), scope, handler))
            return handler

        return put


def answer(
    routes: list[Route],
    account: "Account",
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
    token: str,
) -> Answer:
    """Let the first route that fits answer."""
    scopes = account.tokens.get(token)
    if scopes is None:
        return Refused(401, "Unable to authenticate you").answer
    for route in routes:
        match = route.path.fullmatch(path)
        if match is None or route.method != method:
            continue
        if not allowed(route.scope, scopes):
            return Refused(403, "You are not authorized to perform this operation").answer
        try:
            return route.handler(Request(account, query, body, match.groups(), token))
        except Refused as refused:
            return refused.answer
        except ValidationError as error:
            where = [".".join(map(str, each["loc"])) for each in error.errors()]
            return Refused(422, f"invalid or unknown fields: {', '.join(where)}").answer
    return Refused(404, f"the stand-in has no {method} {path}").answer


def allowed(scope: str, granted: frozenset[str]) -> bool:
    """Whether a token with these scopes may do what needs that one."""
    if not scope or "write" in granted or scope in granted:
        return True
    return "read" in granted and scope.endswith((":read", ":list"))
