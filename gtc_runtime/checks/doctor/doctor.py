"""All that is asked before money flows: which checks there are, and how they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gtc_runtime.checks.check import Probe, Round
from gtc_runtime.checks.doctor import account, money, offers, services, storage, tools
from gtc_runtime.checks.doctor.case import Case
from gtc_runtime.checks.doctor.cloud import OWNERS
from gtc_runtime.checks.doctor.origins import DO_TOKEN, ORIGINS
from gtc_runtime.verdict import Report, Verdict, green, judge

WHOLE_S: Final = 14.0
"""Longest time of all together; a person waits for it."""


async def variables(case: Case) -> Verdict:
    """Every secret is set, once, and well written."""
    wrong = [text for _, text in sorted(case.problems.items())]
    told = "; ".join(wrong) or f"{len(case.secrets)} secrets are set"
    pages = dict.fromkeys(ORIGINS[name].page for name in sorted(case.problems))
    hint = f"cp .env.example .env and fill it in; made at {', '.join(pages)}; see docs/doctor.md"
    return judge(not wrong, told, "every secret, once, without quotes", hint)


async def choices(case: Case) -> Verdict:
    """What would be deployed, and where to."""
    env = case.env
    return green(
        f"{env.name}: {env.model.repository} on {env.nodes.count} x {env.nodes.size} in "
        f"{env.region}; bucket {case.places.bucket} at {case.places.spaces}; images to "
        f"{case.registry}"
    )


PROBES: Final[tuple[Probe[Case], ...]] = (
    Probe("variables", "Is every secret set, once, and well written?", variables),
    Probe("choices", "What would be deployed, and where?", choices),
    Probe("terraform", "Is it installed, and new enough?", tools.terraform),
    Probe("node", "Is it installed, and new enough?", tools.node),
    Probe("docker", "Is it installed, and does its daemon answer?", tools.docker),
    Probe("doctl", "Is it installed?", tools.doctl),
    Probe("kubectl", "Is it installed?", tools.kubectl),
    Probe("disk", "Is there room for image and providers?", tools.disk),
    Probe("token", "Does it belong to an active account?", account.token),
    Probe("scopes", "May it do everything that a deployment does?", account.scopes),
    Probe("doctl context", "Is it the account of the token?", tools.context),
    Probe("droplet limit", "Is there room for every node?", account.droplet_limit),
    Probe("region", "Does it exist, and take new droplets?", offers.region),
    Probe("nodes", "Is the size of the small nodes offered in the region?", offers.nodes),
    Probe("worker nodes", "Is the size of the workers' nodes offered to this account there?",
          offers.worker_nodes),
    Probe("kubernetes", "Is the pinned release line offered in the region?", offers.kubernetes),
    Probe("share", "Is NFS offered in the region?", offers.share),
    Probe("cluster name", "Has nobody else a cluster of our name?", account.cluster_name),
    Probe("registry", "Has the account the registry of our image?", storage.registry),
    Probe("registry room", "Has its subscription room for our image?", storage.registry_room),
    Probe("bucket", "Is the bucket there, at its address, for this key?", storage.bucket),
    Probe("bucket write", "May the key write into it?", storage.bucket_write),
    Probe("hub token", "Does HuggingFace know it?", services.hub_token),
    Probe("model", "Does it grant the token this repository, licence accepted?", services.model),
    Probe("inference", "Does the key work, and which model answers follow-up questions?",
          services.inference),
    Probe("end date", "Is there one, in the future?", money.end_date),
    Probe("price", "What does everything cost an hour, and until the end date?", money.price),
)  # fmt: skip
"""Every check, in the order in which one would mend them."""

_SERVICE: Final = "https://status.digitalocean.com; check the network, then repeat"
_TOKEN: Final = f"{DO_TOKEN} in .env, made at {ORIGINS[DO_TOKEN].page}; or {_SERVICE}"
_HINTS: Final = {
    **{owner: _SERVICE for owner, _ in OWNERS.values()},
    "token": _TOKEN,
    "hub token": "https://status.huggingface.co; check the network and HF_ENDPOINT, then repeat",
}
_ROUND: Final[Round[Case]] = Round(WHOLE_S, _HINTS)


async def run(case: Case, probes: Sequence[Probe[Case]] = PROBES) -> Report:
    """Ask everything at the same time; nothing is changed anywhere.

    Args:
        case: What is to be deployed.
        probes: Which checks.
    """
    return await _ROUND.ask_all(case, probes)
