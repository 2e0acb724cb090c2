"""The command line's way to a running panel: find it, call it, turn answers into errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from gtc_runtime.settings import Settings
from gtc_spec.errors import GtcError, UnreachableError, UsageError

TIMEOUT_S = 60.0
"""Taking control waits up to 30 s for KEDA to let go."""
REHEARSAL_FILE = "rehearsal.json"


def find(settings: Settings) -> str:
    """Address of the panel: flag or GTC_URL, else the running rehearsal.

    Raises:
        UnreachableError: Nobody said where it is and no rehearsal runs here.
    """
    if settings.url:
        return settings.url.rstrip("/")
    notes = rehearsal_notes(settings.state_dir)
    if notes is None:
        raise UnreachableError(
            f"no panel known: no --url, no GTC_URL and no {settings.state_dir / REHEARSAL_FILE}",
            "start one with make demo, or name one with --url",
        )
    return str(notes["urls"]["panel"])


def rehearsal_notes(state_dir: Path) -> dict[str, Any] | None:
    """What the running rehearsal wrote down; None without one.

    Raises:
        UsageError: The file is there and is no JSON object.
    """
    path = state_dir / REHEARSAL_FILE
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}", "remove it and start again") from None
    if not isinstance(notes, dict) or "urls" not in notes:
        raise UsageError(f"{path} does not describe a rehearsal", "remove it and start again")
    return notes


def call(base: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request to the panel.

    Raises:
        UnreachableError: Nothing answers there.
        GtcError: The panel refuses; its own words.
    """
    try:
        answer = httpx.request(method, base + path, json=body, timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise UnreachableError(
            f"the panel at {base} does not answer: {str(error).lower() or type(error).__name__}",
            "is make demo running?",
        ) from None
    if answer.is_success:
        return _json(answer, base)
    try:
        refusal = answer.json()
        message, hint = str(refusal["error"]), str(refusal.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        message, hint = f"the panel answered {answer.status_code}: {answer.text[:120]}", ""
    raise (UsageError if answer.status_code == 422 else GtcError)(message, hint)


def _json(answer: httpx.Response, base: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise UnreachableError(f"{base} answers, but it is no gtc panel", "check --url") from None
