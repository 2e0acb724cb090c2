"""The jobs that bring the checkpoint to the bucket and from there to the share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Literal

import click

from gtc_cli.steps.model_record import Listener
from gtc_runtime.cluster import jobs as runner
from gtc_runtime.cluster.api.kube import Kube
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.manifests import jobs

Step = Literal["spaces", "nfs"]
STEPS: Final[tuple[Step, ...]] = ("spaces", "nfs")
"""The two jobs in their order: hub to bucket, bucket to share."""
JOB_S: Final = 1800.0
"""Longest wait for one job, seconds; the plan's 30 minutes."""


def run_jobs(
    env: Environment, kubeconfig: str | None, image: str, steps: Sequence[Step] = STEPS
) -> None:
    """Run the model jobs one after the other.

    Args:
        env: Which checkpoint and region.
        kubeconfig: File to use; None takes the usual places.
        image: Our image, whole name.
        steps: Which.

    Raises:
        GtcError: One failed, could not start, or was not done in time.
    """
    makes = {"spaces": jobs.upload_job, "nfs": jobs.download_job}

    async def act() -> None:
        async with await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig) as kube:
            for step in steps:
                listener = Listener(click.echo)
                await runner.run(kube, makes[step](env, image), JOB_S, listener.hear)
                await listener.write_down(kube, env)

    asyncio.run(act())
