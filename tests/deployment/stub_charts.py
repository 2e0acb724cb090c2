"""Small charts in the place of the public ones: a deployment each, so that a release has something.

What the real charts render is not asked here; order, waits, state and what a kill leaves are.
"""

import json
from pathlib import Path

CHART = "apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: 1
  selector:
    matchLabels: {app: "{{ .Release.Name }}"}
  template:
    metadata:
      labels: {app: "{{ .Release.Name }}"}
    spec:
      containers: [{name: main, image: x}]
"""


def replace(stack: Path, folder: Path) -> None:
    """Let a synthesised stack install a small chart wherever it names a public one."""
    path = stack / "cdk.tf.json"
    document = json.loads(path.read_text())
    for release in document["resource"]["helm_release"].values():
        if release["chart"].startswith("assets/"):
            continue
        release.pop("repository", None)
        release.pop("version", None)
        release["chart"] = str(_chart(folder, release["name"]))
    path.write_text(json.dumps(document))


def _chart(folder: Path, name: str) -> Path:
    chart = folder / name
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text(CHART.format(name=name))
    (chart / "templates" / "deployment.yaml").write_text(DEPLOYMENT)
    return chart
