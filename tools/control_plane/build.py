"""Build a Kubernetes control plane from its Go modules: ``python -m tools.control_plane.build``.

etcd and kube-apiserver, with ``--with-keda`` also kube-controller-manager and KEDA. Some ten CPU
minutes once; a program that is there is not built again, and one that was interrupted is not there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gtc_spec.versions import KEDA
from tools.control_plane import cache

KUBERNETES = "k8s.io/kubernetes"
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": f"{KUBERNETES}/cmd/kube-apiserver",
    "kube-controller-manager": f"{KUBERNETES}/cmd/kube-controller-manager",
}
KEDA_MODULE = "github.com/kedacore/keda/v2"
KEDA_SUM = "h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA="
KEDA_PACKAGES = {
    "keda-operator": "./cmd/operator",
    "keda-adapter": "./cmd/adapter",
}
SCALERS = {
    "prometheus": "prometheus",
    "cpu": "cpu_memory",
    "memory": "cpu_memory",
    "cron": "cron",
    "azure-queue": "azure_queue",  # it holds a constant of all
}
"""The triggers that are built in, each with its file: all others would need SDKs of clouds."""
CASE = re.compile(r'\tcase "([\w-]+)"[^\n]*:\n\t\treturn scalers\.[^\n]*\n')


def main(arguments: list[str]) -> int:
    """Build what is wanted and lacking. Returns the exit code."""
    wanted = cache.SERVER + (cache.AUTOSCALING if arguments == ["--with-keda"] else ())
    given = os.environ.get(cache.ASSETS)
    lacks = [] if given else cache.lacking(cache.pinned(), wanted)
    if lacks and shutil.which("go") is None:
        print("control plane: no go on PATH to build it with")
        print(f"hint: install go 1.26, or name a folder with {wanted[0]} in {cache.ASSETS}")
        return 1
    try:
        if lacks:
            _build(cache.pinned(), lacks)
    except subprocess.CalledProcessError as error:
        print(f"control plane: `{' '.join(error.cmd[3:6])} …` ended with {error.returncode}")
        return 1
    folder = cache.found(wanted)
    print(f"control plane: {folder}")
    return 0 if isinstance(folder, Path) else 1


def _build(folder: Path, programs: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        if program in PACKAGES:
            _go_build(cache.MODULE, PACKAGES[program], folder / program, _kubernetes_version())
    rest = [program for program in programs if program in KEDA_PACKAGES]
    if rest:
        with tempfile.TemporaryDirectory(prefix="keda-") as scratch:
            source = _keda_source(Path(scratch) / "keda")
            for program in rest:
                _go_build(source, KEDA_PACKAGES[program], folder / program, KEDA.app)
    link = cache.newest().with_suffix(f".{os.getpid()}")
    link.symlink_to(folder.name)
    link.replace(cache.newest())


def _go_build(module: Path, package: str, program: Path, version: str) -> None:
    """Compile one program; it gets its name when it is whole."""
    print(f"building {program.name} …", flush=True)
    major, minor, *_ = version.lstrip("v").split(".")
    told = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    flags = ["-s", "-w", f"-X={KEDA_MODULE}/version.Version={version}"]
    flags += [f"-X=k8s.io/component-base/version.{key}={value}" for key, value in told.items()]
    unfinished = program.with_suffix(f".{os.getpid()}")
    _go(module, "build", "-p=2", "-trimpath", f"-ldflags={' '.join(flags)}", f"-o={unfinished}",
        package)  # fmt: skip
    unfinished.replace(program)


def _kubernetes_version() -> str:
    words = (cache.MODULE / "go.mod").read_text().split()
    return words[words.index(KUBERNETES) + 1].lstrip("v")


def _keda_source(place: Path) -> Path:
    """KEDA's own module, with the scalers of `SCALERS` alone."""
    version = f"{KEDA_MODULE}@v{KEDA.app}"
    answer = _go(place.parent, "mod", "download", "-json", version)
    module = json.loads(answer)
    if module["Sum"] != KEDA_SUM:
        raise SystemExit(f"control plane: {version} is {module['Sum']}, expected {KEDA_SUM}")
    shutil.copytree(module["Dir"], place, copy_function=shutil.copyfile)
    for folder in (place, *place.rglob("*/")):
        folder.chmod(0o755)  # the module cache is read-only
    for file in place.joinpath("pkg/scalers").glob("*_scaler.go"):
        if file.name.removesuffix("_scaler.go") not in SCALERS.values():
            file.unlink()
    builder = place / "pkg/scaling/scalers_builder.go"
    builder.write_text(
        CASE.sub(lambda case: case[0] if case[1] in SCALERS else "", builder.read_text())
    )
    return place


def _go(folder: Path, *words: str) -> str:
    """Run go with what is installed here: it fetches no other go, and asks no version control."""
    environment = {
        **os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOWORK": "off",
        "CGO_ENABLED": "0", "GOMAXPROCS": "2",
    }  # fmt: skip
    command = ["nice", "-n", "10", "go", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
