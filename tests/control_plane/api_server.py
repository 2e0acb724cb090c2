"""etcd and kube-apiserver on loopback, for as long as a test needs them."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from tests.control_plane.certificates import Certificates

START_S = 120.0
"""A machine that does other work too has been seen to need 40 s."""
STOP_S = 10.0
AUDIT = "audit.log"
AUDITED = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}
"""What ServiceAccounts ask. No metric of the server counts what RBAC refuses."""


@dataclass(frozen=True)
class ApiServer:
    """A running API server.

    Attributes:
        folder: What its processes keep and say.
        url: Where it listens.
        token: Credential of an administrator.
        certificates: Whom it believes.
    """

    folder: Path
    url: str
    token: str
    certificates: Certificates

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    def forbidden(self) -> list[str]:
        """What ServiceAccounts have asked without the right to, each as who, verb and address."""
        events = map(json.loads, (self.folder / AUDIT).read_text().splitlines())
        return [
            f"{event['user']['username']} {event['verb']} {event['requestURI']}"
            for event in events
            if event.get("responseStatus", {}).get("code") == HTTPStatus.FORBIDDEN
        ]

    def kubeconfig_of(self, token: str, namespace: str = "default") -> dict[str, Any]:
        """A kubeconfig of whoever a token stands for, as the content of its file."""
        server = {"server": self.url, "insecure-skip-tls-verify": True}
        context = {"cluster": "real", "user": "real", "namespace": namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": server}],
            "users": [{"name": "real", "user": {"token": token}}],
            "contexts": [{"name": "real", "context": context}],
            "current-context": "real",
        }


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; it says what it has to say into a file of its name."""
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=env)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def started(programs: Path, folder: Path) -> Iterator[ApiServer]:
    """A fresh and empty cluster: nobody but the administrator is in it."""
    client, peer, secure = free_ports(3)
    token = secrets.token_hex(16)
    certificates = Certificates.made(folder / "certificates")
    server = ApiServer(folder, f"https://127.0.0.1:{secure}", token, certificates)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    (folder / "audit.yaml").write_text(yaml.safe_dump(AUDITED))
    server.kubeconfig.write_text(yaml.safe_dump(server.kubeconfig_of(token)))
    etcd = f"http://127.0.0.1:{client}"
    with contextlib.ExitStack() as stack:
        for name, flags in (
            ("etcd", _etcd_flags(folder, etcd, peer)),
            ("kube-apiserver", _api_flags(folder, etcd, secure, certificates)),
        ):
            process = stack.enter_context(running(name, [str(programs / name), *flags], folder))
        wait_until(lambda: answers(f"{server.url}/readyz", token), START_S, process)
        yield server


def _etcd_flags(folder: Path, url: str, peer: int) -> list[str]:
    return [
        f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={url}", "--unsafe-no-fsync",
        f"--advertise-client-urls={url}", f"--listen-peer-urls=http://127.0.0.1:{peer}",
    ]  # fmt: skip


def _api_flags(folder: Path, etcd: str, port: int, certificates: Certificates) -> list[str]:
    own, ca = certificates, certificates.ca
    return [
        f"--etcd-servers={etcd}", f"--secure-port={port}", "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1", f"--cert-dir={folder / 'served'}",
        f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={own.key}", f"--service-account-signing-key-file={own.key}",
        f"--requestheader-client-ca-file={ca}", "--requestheader-allowed-names=",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={own.certificate}", f"--proxy-client-key-file={own.key}",
        "--endpoint-reconciler-type=none", f"--audit-policy-file={folder / 'audit.yaml'}",
        f"--audit-log-path={folder / AUDIT}",
    ]  # fmt: skip


def wait_until(
    true: Callable[[], bool], patience_s: float, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Poll a condition.

    Raises:
        AssertionError: It did not come true, or the process that should bring it has ended.
    """
    give_up = time.monotonic() + patience_s
    while not true():
        ended = process.poll() if process else None
        assert ended is None, f"{process} ended with {ended}, see its log"
        assert time.monotonic() < give_up, f"not within {patience_s:g} s"
        time.sleep(0.2)


def answers(url: str, token: str = "") -> bool:
    """Whether something says 200 at a URL; certificates are not looked at."""
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    unchecked = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(asked, timeout=5, context=unchecked) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
