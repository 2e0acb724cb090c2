"""One authority and one certificate for whatever listens on loopback, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_EXTENSIONS = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n"


@dataclass(frozen=True)
class Certificates:
    """Files by the names that KEDA's programs look for."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        return self.folder / "tls.crt"

    @property
    def key(self) -> Path:
        return self.folder / "tls.key"

    @classmethod
    def made(cls, folder: Path) -> Certificates:
        """Make them in a new folder."""
        folder.mkdir(mode=0o700)
        made = cls(folder)
        extensions, request = folder / "extensions", folder / "request"
        extensions.write_text(_EXTENSIONS)
        ca_key = folder / "ca.key"
        _openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests",
                 "-keyout", ca_key, "-out", made.ca)  # fmt: skip
        _openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost",
                 "-keyout", made.key, "-out", request)  # fmt: skip
        _openssl("x509 -req -days 2 -CAcreateserial", "-in", request, "-CA", made.ca,
                 "-CAkey", ca_key, "-extfile", extensions, "-out", made.certificate)  # fmt: skip
        return made


def _openssl(words: str, *more: str | Path) -> None:
    program = shutil.which("openssl")
    assert program, "openssl makes the certificates"
    subprocess.run([program, *words.split(), *map(str, more)], capture_output=True, check=True)
