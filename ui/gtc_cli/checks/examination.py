"""What a deployment needs, examined: account, tools, keys and price, as doctor and deploy ask."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx

from gtc_cli import verdicts
from gtc_cli.local import checkout, image, state
from gtc_cli.local.variables import DO_TOKEN, Variables, needed
from gtc_runtime import choices, settings
from gtc_runtime.checks.check import chosen
from gtc_runtime.checks.doctor.case import HUB, Case, Places
from gtc_runtime.checks.doctor.cloud import Cloud
from gtc_runtime.checks.doctor.doctor import PROBES, run
from gtc_runtime.verdict import Report
from gtc_spec import names, serving
from gtc_spec.cloud import images
from gtc_spec.errors import GtcError, UsageError

OFFLINE = ("variables", "choices")
"""The checks of what somebody wrote down; they ask nobody."""


class Unfit(GtcError):  # noqa: N818 - a finding
    """Something that a deployment needs is not there."""


def examine(env: str | None, only: tuple[str, ...] = (), *, adopting: bool = False) -> Report:
    """Ask everything, or only these checks.

    Args:
        env: The environment; None takes GTC_ENV.
        only: Names of checks; all of them without any.
        adopting: Whether a cluster that another checkout deployed is to be taken over.

    Raises:
        UsageError: There is no such check or environment, or a choice is not allowed.
    """
    probes = chosen(PROBES, only)

    async def ask() -> Report:
        async with httpx.AsyncClient() as session:
            case = _case(env, session, adopting)
            try:
                return await run(case, probes)
            finally:
                await case.cloud.close()

    return asyncio.run(ask())


def refuse_unfit(env: str | None, *, adopting: bool = False) -> None:
    """Print what is found and refuse when anything is red: the first step of a deployment.

    Raises:
        Unfit: A check is red; the hints are printed.
        UsageError: See `examine`.
    """
    report = examine(env, adopting=adopting)
    verdicts.show(report)
    if not report.passed:
        red = [check.name for check in report.of("red")]
        raise Unfit(
            f"not ready: {', '.join(red)}",
            "mend what is red and repeat; DOCTOR=no (--skip-doctor) deploys all the same",
        )


def _case(env: str | None, session: httpx.AsyncClient, adopting: bool) -> Case:
    folder = _folder()
    variables = Variables.read(os.environ, folder)
    configured = settings.read(env=env)
    environment = choices.environment(env, given=variables)
    secrets, problems = variables.known(needed("cluster", environment))
    api = os.environ.get("DIGITALOCEAN_API_URL", "")
    return Case(
        env=environment,
        places=Places(
            spaces=environment.spaces.url,
            bucket=environment.spaces.bucket,
            hub=os.environ.get("HF_ENDPOINT") or HUB,
            inference=configured.followups_url or serving.INFERENCE_URL,
        ),
        cloud=Cloud(session, secrets.get(DO_TOKEN, ""), api),
        session=session,
        secrets=secrets,
        problems=problems,
        registry=variables.chosen.get("GTC_REGISTRY") or images.REGISTRY,
        followups_model=configured.followups_model,
        own_inference=bool(configured.followups_url),
        do_context=configured.do_context,
        folder=folder,
        listed_here=adopting or state.is_ours(folder, names.infra_stack(environment.name)),
        child_env=image.environment(),
    )


def _folder() -> Path:
    """The root of the checkout; elsewhere than in one, where this runs."""
    try:
        return checkout.root()
    except UsageError:
        return Path.cwd()
