"""Every verb of `gtc`: where its command is, and what the help of `gtc` says of it.

A table of words, so that help, completion and a misspelt verb import no verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "auto": ("show.drive:auto", "Let the scenario drive load and workers; KEDA is paused."),
    "calibrate": (
        "calibrate:calibrate",
        "Measure what the profiles say: by a worker, by a run, or by the kernels of a card.",
    ),
    "check-env": (
        "checks.doctor:check_env",
        "Check every variable and choice of a deployment, and nothing else; part of doctor.",
    ),
    "cluster": ("deploy.verbs:cluster", "The cluster stack: platform, workload, scalers, panel."),
    "compare": (
        "compare.verb:compare",
        "Serve the same load disaggregated and aggregated, on the same GPUs, and restore the demo.",
    ),
    "corpus": ("data.corpus:corpus", "The texts of the load: build, push, verify, show."),
    "cost": ("deploy.cost:cost", "GPU-hours and dollars: an hour, so far, and until the end date."),
    "dashboards": ("dashboards:dashboards", "Look at the boards and check that they are fed."),
    "deploy": (
        "deploy.verbs:deploy",
        "Everything from the image to running workers; repeat it after whatever went wrong.",
    ),
    "doctor": (
        "checks.doctor:doctor",
        "Check account, tools and keys before a deployment, and its price, in under 15 s.",
    ),
    "extend": ("show.steer:extend", "Make the running phase 30 s longer."),
    "go-on": (
        "show.steer:go_on",
        "Let a show that is held go on.",
    ),
    "grove": (
        "deploy.grove:grove",
        "Serve the graph without Grove, or with it again; replaces every worker.",
    ),
    "guardian": (
        "show.guardian:guardian",
        "Resume KEDA when the panel has died while it was paused.",
    ),
    "hold": (
        "show.steer:hold",
        "Let the show stand still in its phase; load goes on.",
    ),
    "image": ("deploy.image_verbs:image_group", "The image of panel, guardian and model jobs."),
    "infra": ("deploy.verbs:infra", "The infra stack: VPC, Kubernetes, GPU nodes, share."),
    "kubeconfig": (
        "deploy.verbs:kubeconfig_verb",
        "Write a kubeconfig of the deployed cluster and say where it is.",
    ),
    "load": (
        "load.verb:load",
        "Measure any OpenAI-compatible server: at a load, over a curve, or against a run before.",
    ),
    "manual": ("show.drive:manual", "Give the load to you and scaling to KEDA."),
    "model": (
        "data.model:model",
        "The model's weights: from HuggingFace to the bucket to the share, verified.",
    ),
    "next": (
        "show.steer:next_phase",
        "Go to the next phase now; it waits for its workers.",
    ),
    "open": (
        "show.open:open_place",
        "Print the address of a part; on a cluster also forward a port to it until Ctrl-C.",
    ),
    "plan": (
        "plan.verb:plan",
        "Predict the show before playing it, and what this hardware can serve.",
    ),
    "preflight": (
        "checks.preflight:preflight",
        "Check everything that the show needs, at the same time, in under 20 s.",
    ),
    "prescale": (
        "show.prescale:prescale",
        "Put every GPU to work and pause KEDA for a while; ends by itself, or with gtc reset.",
    ),
    "replay": (
        "recordings.replay:replay",
        "Play a recorded show on the same pages; without FILE the newest, else the packaged one.",
    ),
    "record-video": (
        "recordings.record_video:record_video",
        "Render a recorded show into a video of 1920x1080, by a browser and ffmpeg.",
    ),
    "rehearse": ("rehearse:rehearse", "Play the demo against a cluster on localhost."),
    "report": (
        "recordings.report:report",
        "Write one HTML page of a recorded cycle, to take home.",
    ),
    "reset": ("show.drive:reset", "Load off, initial ratio, statistics zeroed."),
    "resume": (
        "show.steer:resume",
        "Go on with a show that was stopped within 10 s.",
    ),
    "safe": (
        "show.safe:safe",
        "Reach the safe state, with or without a panel: load off, initial ratio, KEDA scaling.",
    ),
    "serve": ("show.serve:serve", "Drive a cluster: panel, REST, conductor and metrics."),
    "start": ("show.drive:start", "Start the load in manual mode; auto mode ends first."),
    "status": (
        "show.status:status",
        "Show pods, GPUs, pools, mode, KEDA, load, latencies and cost.",
    ),
    "stop": ("show.drive:stop", "Stop all load; auto mode ends with it."),
    "teardown": (
        "deploy.verbs:teardown",
        "Safe state, then destroy both stacks and whatever is left; repeat it when interrupted.",
    ),
    "teardown-if-expired": (
        "deploy.expiry:teardown_if_expired",
        "Tear down when the end date of the running cluster has passed; for cron.",
    ),
    "undo": (
        "show.steer:undo",
        "Take back the last change of rate or mix.",
    ),
    "verify": (
        "checks.verify:verify",
        "Prove with real requests: inference, disagg, kv-cache, scaling, link, or all of them.",
    ),
    "wait": (
        "show.wait:wait",
        "Wait until a part of the cluster is there; exit 1 when it is not in time.",
    ),
}
"""Name of a verb -> its ``module:command`` in this package, and the first sentence of its help."""
