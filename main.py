"""Writes the Terraform configuration of all stacks into cdktf.out: ``cdktf`` and make run it.

It gathers what a deployment chooses (variables, the commit) and hands it to the stacks; which
resources come out of that is theirs to know.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import gtc_constructs
import gtc_dashboards
from gtc_cli.local.checkout import image
from gtc_runtime import choices
from gtc_spec import overrides
from gtc_spec.environment import ENVIRONMENTS, Environment, load
from gtc_spec.errors import GtcError
from gtc_spec.manifests.panel import panel_choices

ROOT: Final = Path(__file__).resolve().parent


def environments(given: choices.Variables) -> list[tuple[Environment, dict[str, str]]]:
    """All environments, each with the choices that its panel has to make, too.

    Choices concern the one that GTC_ENV names: what suits one need not suit the other. The end date
    is none of them: it may move while the panel runs, so the cluster tells it.
    """
    chosen = load(given.env).name
    told = (*overrides.CHOICES, *panel_choices.CHOICES)
    made = {key: value for key, value in given.chosen.items() if key in told and key != "GTC_UNTIL"}
    panel_choices.in_pod(made)
    return [
        (choices.environment(name, given=given), made) if name == chosen else (load(name), {})
        for name in ENVIRONMENTS
    ]


def main() -> int:
    """Write all stacks.

    Returns:
        What to exit with.
    """
    try:
        given = choices.variables(start=ROOT)
        envs, ours = environments(given), image(given.chosen, ROOT)
        folder = Path(os.environ.get("CDKTF_OUTDIR") or ROOT / "cdktf.out")
        folder.mkdir(parents=True, exist_ok=True)  # cdktf makes one level only
        # Node starts here and not before: bad input is told without waiting for it
        app = gtc_constructs.App(outdir=str(folder))
        for env, made in envs:
            gtc_constructs.ClusterStack(
                app,
                env,
                infra=gtc_constructs.InfraStack(app, env),
                image=ours,
                engine_configs=ROOT / "engine_configs" / env.name,
                dashboards=gtc_dashboards.sources(env.engine.traits),
                choices=made,
            )
        gtc_constructs.synthesise(app)
    except OSError as error:
        sys.stderr.write(f"error: cannot write the stacks: {str(error).lower()}\n")
        return 2
    except GtcError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        sys.stderr.write(f"error: {error.message}{hint}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
