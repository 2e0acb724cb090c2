"""What a deployment asks beside DigitalOcean's API: HuggingFace, and Serverless Inference.

Spaces is not here: moto is a real S3 server, see tests/s3_server.py. Both answer as their clients
read them: huggingface_hub takes GatedRepo and RepoNotFound from the header ``X-Error-Code``.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.digitalocean.answers import Answer
from tests.digitalocean.loopback import served

SHA = "c" * 40
HF_TOKEN, INFERENCE_KEY = "hf_stand_in", "inference-stand-in"
"""What both accept."""


def _refused(status: int, told: str, code: str = "") -> Answer:
    return Answer(status, {"error": told}, {"X-Error-Code": code} if code else {})


@dataclass
class Surroundings:
    """Both servers behind one address; change it while it runs.

    Attributes:
        url: Address of both; HF_ENDPOINT, and the base of the inference API.
        hf_tokens, inference_keys: What they accept.
        gated: Repositories whose licence the token has not accepted.
        missing: Repositories or revisions (``repo@revision``) that are not there.
        models: What the inference key may use.
        inference_status, hf_status: Answered to everything when it is not 0.
        delay_s: How long every answer takes.
        asked: Method and path of every request.
    """

    url: str = ""
    hf_tokens: set[str] = field(default_factory=lambda: {HF_TOKEN})
    inference_keys: set[str] = field(default_factory=lambda: {INFERENCE_KEY})
    gated: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    files: tuple[str, ...] = ("config.json", "model.safetensors")
    models: list[str] = field(
        default_factory=lambda: ["llama3.3-70b-instruct", "llama3-8b-instruct"]
    )
    inference_status: int = 0
    hf_status: int = 0
    delay_s: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def handle(self, method: str, target: str, _raw: bytes, token: str) -> Answer:
        """Answer one request."""
        path = urlsplit(target).path
        self.asked.append((method, path))
        self.closing.wait(self.delay_s)
        return self._inference(token) if path == "/v1/models" else self._hub(path, token)

    def _inference(self, key: str) -> Answer:
        status = self.inference_status or (200 if key in self.inference_keys else 401)
        if status != 200:
            return _refused(status, "refused")
        return Answer(200, {"object": "list", "data": [{"id": each} for each in self.models]})

    def _hub(self, path: str, token: str) -> Answer:
        if self.hf_status:
            return _refused(self.hf_status, "refused")
        if token and token not in self.hf_tokens:
            return _refused(401, "Invalid credentials in Authorization header")
        if path == "/api/whoami-v2":
            return Answer(200, {"name": "demo"})
        repo, revision = _named(path)
        if repo in self.missing:
            return _refused(401, "Repository not found", "RepoNotFound")
        if f"{repo}@{revision}" in self.missing:
            return _refused(404, "Invalid rev id", "RevisionNotFound")
        if path.startswith("/api/models/"):  # the listing of a gated repository is public
            listed = [{"rfilename": each} for each in self.files]
            return Answer(200, {"id": repo, "sha": SHA, "gated": False, "siblings": listed})
        if repo in self.gated:
            return _refused(403 if token else 401, "Access is restricted", "GatedRepo")
        return Answer(200, None, {"X-Repo-Commit": SHA, "ETag": '"1"'})


def _named(path: str) -> tuple[str, str]:
    """Repository and revision of /api/models/A/B[/revision/R] or /A/B/resolve/R/FILE."""
    parts = path.strip("/").split("/")
    if parts[:2] == ["api", "models"]:
        return "/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main"
    return "/".join(parts[:2]), parts[3] if len(parts) > 3 else "main"


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Serve both on one free port of loopback."""
    around = Surroundings()
    with served(around.handle) as around.url:
        try:
            yield around
        finally:
            around.closing.set()
