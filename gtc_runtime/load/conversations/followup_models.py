"""Which model writes follow-up questions: the first known one that the service offers to the key.

Ids of hosted models retire often, so none is taken on trust: the service is asked what it offers.
This module must not know what is asked of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gtc_spec import foreign_json, serving
from gtc_spec.errors import GtcError, UnreachableError, UsageError

ANSWER_S = 5.0
"""Longest wait for the list."""
NAMED = "set GTC_FOLLOWUPS_MODEL to one of them"


class ListRefusedError(GtcError):
    """The service answered with an error instead of a list.

    Args:
        status: What it answered.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the list of models was refused ({status})", "check GRADIENT_API_KEY")
        self.status = status


async def offered(url: str, key: str = "", answer_s: float = ANSWER_S) -> tuple[str, ...]:
    """Ids of the models that a service offers, in its order.

    Args:
        url: Base address, with or without ``/v1``.
        key: Bearer token; empty for none. It is in no error.
        answer_s: Longest wait, seconds.

    Raises:
        ListRefusedError: It answers with an error.
        UnreachableError: It does not answer, or not with a list of models.
    """
    import aiohttp  # costs 0.3 s, and most load processes never need it

    address = url.rstrip("/").removesuffix("/v1") + "/v1/models"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limit = aiohttp.ClientTimeout(total=answer_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers=headers) as session,
            session.get(address) as answer,
        ):
            if answer.status >= 400:
                raise ListRefusedError(answer.status)
            return _ids(await answer.json(content_type=None, loads=foreign_json.read))
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise UnreachableError(f"no list of models from {address}: {why}") from None


def choose(models: Sequence[str], wanted: str = "", *, any_will_do: bool = False) -> str:
    """The model to ask.

    Args:
        models: What is offered.
        wanted: What somebody chose; empty for nothing.
        any_will_do: Take the first one offered when none is known: a server of one's own has one,
            a catalogue begins with whatever costs most.

    Raises:
        UsageError: The wanted one is not offered, or nothing that we know.
    """
    offered = ", ".join(models[:5]) + (f" and {len(models) - 5} more" if len(models) > 5 else "")
    if wanted:
        if wanted not in models:
            raise UsageError(f"model {wanted} is not offered, but {offered or 'none'}", NAMED)
        return wanted
    for known in serving.FOLLOWUP_MODELS:
        if known in models:
            return known
    if any_will_do and models:
        return models[0]
    raise UsageError(f"no model that we know is offered, but {offered or 'none'}", NAMED)


def _ids(document: Any) -> tuple[str, ...]:
    try:
        return tuple(str(each["id"]) for each in document["data"])
    except (KeyError, TypeError):
        raise ValueError("it is no list of models") from None
