"""Checks of this machine: the programs that a deployment starts, their versions, and room."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from typing import Any, Final

from gtc_runtime.checks.doctor.case import Case
from gtc_runtime.verdict import RestsOn, Verdict, green, judge, red
from gtc_spec import foreign_json, versions
from gtc_spec.errors import GtcError

TOOL_S: Final = 6.0
"""Longest wait for a program to say its version; a first start may read a cold disk."""
NODE_MIN: Final = 20
"""Major version of Node.js that cdktf 0.21 asks for."""
FREE_GIB: Final = 8
"""Image with its layers 2, providers of two stacks 1, and more than as much again to work in."""

_TERRAFORM: Final = "https://developer.hashicorp.com/terraform/install"
_NODE: Final = "https://nodejs.org/en/download"
_DOCKER: Final = "https://docs.docker.com/engine/install"
_DOCTL: Final = "https://docs.digitalocean.com/reference/doctl/how-to/install"
_KUBECTL: Final = "https://kubernetes.io/docs/tasks/tools"


class ToolError(GtcError):
    """A program is missing, failed or said nothing in time."""


async def said(case: Case, program: str, *arguments: str) -> str:
    """What a program says on its standard output; it is killed when nobody waits any more.

    Raises:
        ToolError: It is not on PATH, failed, or took too long; its last line is kept.
    """
    path = shutil.which(program, path=case.child_env.get("PATH"))
    if path is None:
        raise ToolError(f"{program} is not installed, or not on PATH")
    child = await asyncio.create_subprocess_exec(
        *(path, *arguments),
        cwd=case.folder,
        env=dict(case.child_env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(TOOL_S):
            out, err = await child.communicate()
    except TimeoutError:
        raise ToolError(f"`{program} {arguments[0]}` said nothing for {TOOL_S:g} s") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    text = out.decode(errors="replace")
    if child.returncode != 0:
        raise ToolError(_last_words(err.decode(errors="replace"), text, program))
    return text


async def terraform(case: Case) -> Verdict:
    """Installed, and new enough for write-only attributes."""
    hint = f"install Terraform {versions.TERRAFORM_MIN} or newer: {_TERRAFORM}"
    wanted = f">= {versions.TERRAFORM_MIN}"
    text, wrong = await _told(case, "terraform", "version", "-json")
    if wrong:
        return red(wrong, wanted, hint)
    found = str(_json(text).get("terraform_version", ""))
    return judge(_number(found) >= _number(versions.TERRAFORM_MIN), found, wanted, hint)


async def node(case: Case) -> Verdict:
    """Installed; cdktf writes the stacks through it."""
    hint = f"install Node.js {NODE_MIN} or newer: {_NODE}"
    text, wrong = await _told(case, "node", "--version")
    if wrong:
        return red(wrong, f">= {NODE_MIN}", hint)
    found = text.strip()
    return judge(_number(found) >= (NODE_MIN,), found, f">= {NODE_MIN}", hint)


async def docker(case: Case) -> Verdict:
    """Installed, and its daemon answers."""
    text, wrong = await _told(case, "docker", "version", "--format", "{{json .Server.Version}}")
    if wrong.endswith("on PATH"):
        return red(wrong, "docker with its daemon", f"install docker: {_DOCKER}")
    version = text.strip().strip('"')
    if wrong or version in ("", "null"):
        hint = "start docker (systemctl start docker, or Docker Desktop), then docker info"
        return red(wrong or "no daemon", "a daemon that answers", hint)
    return green(f"daemon {version}")


async def doctl(case: Case) -> Verdict:
    """Installed."""
    hint = f"install doctl: {_DOCTL}; then doctl auth init --context {case.do_context}"
    return await _any_version(case, "doctl", ("version",), hint)


async def kubectl(case: Case) -> Verdict:
    """Installed; `gtc open` forwards ports with it."""
    hint = f"install kubectl, gtc open needs it: {_KUBECTL}"
    return await _any_version(case, "kubectl", ("version", "--client"), hint)


async def disk(case: Case) -> Verdict:
    """Room for image and providers."""
    free_gib = shutil.disk_usage(case.folder).free / 2**30
    hint = "make room: docker system prune takes away what no container uses"
    told = f"{free_gib:.0f} GiB free at {case.folder}"
    return judge(free_gib >= FREE_GIB, told, f">= {FREE_GIB} GiB", hint)


async def context(case: Case) -> Verdict:
    """The context of doctl, which pushes the image, is the account of the token."""
    mine = await case.cloud.account()
    name = case.do_context
    look = ("account", "get", "--context", name, "--output", "json")
    text, wrong = await _told(case, "doctl", *look)
    if wrong.endswith("on PATH"):
        raise RestsOn("doctl", wrong)
    login = f"doctl auth init --context {name} with the token of .env; or DO_CONTEXT="
    if wrong:
        return red(f"context {name}: {wrong}", "a context that answers", login)
    theirs = _json(text)
    same = _team(theirs) == _team(mine)
    told = f"context {name} is {_who(theirs)}"
    return judge(same, told, f"the token's account, {_who(mine)}", login)


def _team(account: dict[str, Any]) -> str:
    """What identifies an account: its team where it has one."""
    return str((account.get("team") or {}).get("uuid") or account.get("uuid"))


def _who(account: dict[str, Any]) -> str:
    team = (account.get("team") or {}).get("name")
    return f"{account.get('email')}, team {team}" if team else str(account.get("email"))


async def _any_version(case: Case, program: str, arguments: tuple[str, ...], hint: str) -> Verdict:
    text, wrong = await _told(case, program, *arguments)
    if wrong:
        return red(wrong, "any version", hint)
    found = re.search(r"\d+\.\d+(\.\d+)?", text)
    return green(found[0] if found else "installed")


async def _told(case: Case, program: str, *arguments: str) -> tuple[str, str]:
    """What it says, and what is wrong."""
    try:
        return await said(case, program, *arguments), ""
    except ToolError as error:
        return "", error.message


def _last_words(err: str, out: str, program: str) -> str:
    """Why a program failed; doctl asked for JSON says even that in JSON, on its standard output."""
    last = ((err.strip() or out.strip()).splitlines() or [f"{program} failed without a word"])[-1]
    try:
        return str(foreign_json.read(last)["errors"][0]["detail"])
    except (ValueError, KeyError, IndexError, TypeError):
        return last


def _json(text: str) -> dict[str, Any]:
    try:
        read = foreign_json.read(text)
    except ValueError:
        raise GtcError(f"not JSON: {text.strip()[:80]!r}") from None
    first = read[0] if isinstance(read, list) and read else read
    return first if isinstance(first, dict) else {}


def _number(text: str) -> tuple[int, ...]:
    """The numbers of a version; empty when it has none."""
    found = re.search(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
