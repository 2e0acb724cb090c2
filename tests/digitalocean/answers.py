"""What the API says: an answer, or a refusal in DigitalOcean's form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status, JSON body and headers; None is an empty body, a text is sent as it is."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An answer in the form of DigitalOcean's errors."""

    def __init__(self, status: int, message: str, id: str = "") -> None:
        super().__init__(message)
        named = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict",
                 412: "precondition_failed", 429: "too_many_requests"}  # fmt: skip
        default = "unprocessable_entity" if status < 500 else "server_error"
        self.answer = Answer(status, {"id": id or named.get(status, default), "message": message})


def need(good: bool, message: str, status: int = 422) -> None:
    """Refuse unless something holds."""
    if not good:
        raise Refused(status, message)


def page(name: str, items: Sequence[Any], query: Mapping[str, str]) -> Answer:
    """One page of a list; 20 to a page unless asked, 200 at most."""
    size = min(int(query.get("per_page") or 20), 200)
    number = int(query.get("page") or 1)
    part = items[(number - 1) * size : number * size]
    links = {}
    if number * size < len(items):
        last = -(-len(items) // size)
        links = {"pages": {"next": f"?page={number + 1}", "last": f"?page={last}"}}
    return Answer(200, {name: part, "links": links, "meta": {"total": len(items)}})
