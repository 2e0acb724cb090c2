"""A machine and an account that are ready for a deployment, and the doctor who looks at them.

The account is the stand-in behind real HTTP, the bucket a real S3 server, the tools are programs
that say what theirs would. A test breaks one thing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from gtc_runtime.checks.check import chosen
from gtc_runtime.checks.doctor import doctor
from gtc_runtime.checks.doctor.case import Case, Places
from gtc_runtime.checks.doctor.cloud import Cloud as Client
from gtc_runtime.verdict import Report, Verdict
from gtc_spec.cloud import images
from gtc_spec.environment import Environment, load
from tests.digitalocean.account import TOKEN
from tests.digitalocean.server import Cloud
from tests.digitalocean.server import serving as served_account
from tests.digitalocean.spaces import KEY_ID, SECRET, Spaces, spaces
from tests.digitalocean.surroundings import HF_TOKEN, INFERENCE_KEY, Surroundings, surroundings
from tests.s3_server import s3_server

BUCKET = load("prod").spaces.bucket
SECRETS = {
    "DIGITALOCEAN_ACCESS_TOKEN": TOKEN,
    "HF_TOKEN": HF_TOKEN,
    "SPACES_ACCESS_KEY_ID": KEY_ID,
    "SPACES_SECRET_ACCESS_KEY": SECRET,
    "GRADIENT_API_KEY": INFERENCE_KEY,
}


@dataclass
class World:
    """Everything that a deployment rests on; change it, then look."""

    cloud: Cloud
    around: Surroundings
    spaces: Spaces
    tools: Path
    env: Environment
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    problems: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    token: str = TOKEN
    registry: str = images.REGISTRY
    listed_here: bool = False
    followups_model: str = ""

    def tool(self, name: str, says: str = "", fails: str = "", hangs: bool = False) -> None:
        """A program that says something, fails with a line, or never ends."""
        act = "exec /bin/sleep 60" if hangs else f"/bin/cat <<'EOT'\n{says}\nEOT"
        act = f"echo '{fails}' >&2; exit 1" if fails else act
        self.script(name, act)

    def script(self, name: str, text: str) -> None:
        """A program by its text."""
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def no_tool(self, name: str) -> None:
        (self.tools / name).unlink()

    def another_env(self, **facts: Any) -> None:
        """The same environment with other facts."""
        self.env = load(self.env.name, {key.replace("__", "."): v for key, v in facts.items()})
        self.env = self.env.model_copy(update={"until": in_hours(8)})

    def doctl_is(self, **account: Any) -> None:
        """What doctl says of the account of its context."""
        who = self.cloud.account
        own = {"email": who.email, "uuid": who.uuid, "team": {"name": who.team, "uuid": who.uuid}}
        self.tool("doctl", json.dumps(own | account))

    async def report(self, *only: str) -> Report:
        """Let the doctor look."""
        async with httpx.AsyncClient() as session:
            case = self._case(session)
            try:
                return await doctor.run(case, chosen(doctor.PROBES, only))
            finally:
                await case.cloud.close()

    async def look(self, *only: str) -> dict[str, Verdict]:
        """What every check says, by its name."""
        return {check.name: check for check in (await self.report(*only)).checks}

    def _case(self, session: httpx.AsyncClient) -> Case:
        at = {"spaces": self.spaces.url, "bucket": BUCKET, "hub": self.around.url,
              "inference": self.around.url, "api": self.cloud.url} | self.places  # fmt: skip
        api = at.pop("api")
        known = {n: v for n, v in self.secrets.items() if n not in self.problems}
        return Case(
            env=self.env, places=Places(**at), cloud=Client(session, self.token, api),
            session=session, secrets=known, problems=self.problems, registry=self.registry,
            followups_model=self.followups_model, own_inference=False, do_context="solutions",
            folder=self.tools, listed_here=self.listed_here, child_env={"PATH": str(self.tools)},
        )  # fmt: skip


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    with s3_server() as url:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys).create_bucket(
            Bucket=BUCKET
        )
        yield url


@pytest.fixture
def world(moto: str, tmp_path: Path) -> Iterator[World]:
    """A prod that could be deployed now."""
    with served_account() as cloud, surroundings() as around, spaces(moto) as store:
        made = World(cloud, around, store, tmp_path, load("prod"))
        made.env = made.env.model_copy(update={"until": in_hours(8)})
        made.tool("terraform", json.dumps({"terraform_version": "1.11.4"}))
        made.tool("node", "v20.20.2")
        made.tool("docker", '"28.2.2"')
        made.tool("kubectl", "Client Version: v1.34.1")
        made.doctl_is()
        yield made
