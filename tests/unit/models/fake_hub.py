"""A HuggingFace hub on loopback: listing, files with ranges, gates; the hub's own HTTP words."""

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

COMMIT = "5f0b02c75b57c5855da9ae460ce51323ea669d8a"
REPOSITORY = "meta-llama/Tiny-Instruct"
LARGE = 10_000
"""Files from this size on are LFS files, as weights are: the hub knows their sha256."""


@dataclass
class FakeHub:
    """The hub; start it with `serving`.

    Attributes:
        folder: Files of the one repository.
        gated: Only this token may read it; empty for everybody.
        valid: Tokens of accounts; any other is refused. Empty accepts all.
        asked: Every request as method, path, range.
        cut: Bytes after which the next answers break off, by file name.
        served: Other bytes to serve than those that are announced, by file name.
        file_status: Answer to every request for a file, instead of the file.
        silent_s: How long every request for a file waits for its answer.
        store: Address of another server that has the files; requests for them are sent there.
        sizes: Other sizes to list than the files have, by file name.
    """

    folder: Path
    repository: str = REPOSITORY
    commit: str = COMMIT
    gated: str = ""
    valid: tuple[str, ...] = ()
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    cut: dict[str, list[int]] = field(default_factory=dict)
    served: dict[str, bytes] = field(default_factory=dict)
    file_status: int = 0
    silent_s: float = 0.0
    store: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    url: str = ""

    def listing(self) -> dict[str, Any]:
        siblings = []
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(self.folder).as_posix()
                siblings.append(_sibling(name, path, self.sizes.get(name)))
        return {"id": self.repository, "sha": self.commit, "siblings": siblings}

    def requests(self, word: str) -> list[tuple[str, str, str]]:
        return [each for each in self.asked if word in each[1]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed here on purpose; their broken connections are no news."""


class serving:  # noqa: N801  # a context manager, used as a verb
    """Serve a hub while inside."""

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        handler = type("Handler", (_Handler,), {"hub": hub})
        self._server = _Server(("127.0.0.1", 0), handler)

    def __enter__(self) -> FakeHub:
        self.hub.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self.hub

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


_DIGESTS: dict[tuple[str, int, int], str] = {}


def sha256_of(path: Path) -> str:
    key = (str(path), path.stat().st_size, path.stat().st_mtime_ns)
    if key not in _DIGESTS:
        with path.open("rb") as opened:
            _DIGESTS[key] = hashlib.file_digest(opened, "sha256").hexdigest()
    return _DIGESTS[key]


def _sibling(name: str, path: Path, told: int | None) -> dict[str, Any]:
    size = path.stat().st_size if told is None else told
    if size >= LARGE:
        lfs = {"sha256": sha256_of(path), "size": size, "pointerSize": 134}
        return {"rfilename": name, "size": size, "blobId": "0" * 40, "lfs": lfs}
    content = path.read_bytes()
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    return {"rfilename": name, "size": size, "blobId": blob}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub = self.hub
        path = unquote(self.path.split("?")[0])
        hub.asked.append((self.command, path, self.headers.get("Range", "")))
        if hub.broken > 0:
            hub.broken -= 1
            self._send(503, b"busy")
            return
        if self._is_refused(path):
            return
        listed = re.fullmatch(rf"/api/models/{hub.repository}(/revision/(.+))?", path)
        resolved = re.fullmatch(rf"/{hub.repository}/resolve/([^/]+)/(.+)", path)
        if listed:
            self._list(listed[2] or "main")
        elif resolved:
            self._file(resolved[1], resolved[2])
        else:
            self._send(401, b"", {"X-Error-Code": "RepoNotFound"})

    def _is_refused(self, path: str) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and self.hub.valid and token not in self.hub.valid:
            words = "Invalid credentials in Authorization header"
            self._send(401, json.dumps({"error": words}).encode(), {"X-Error-Message": words})
            return True
        if self.hub.gated and token != self.hub.gated and self.hub.repository in path:
            status = 403 if token else 401
            self._send(status, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"})
            return True
        return False

    def _list(self, revision: str) -> None:
        if revision not in ("main", self.hub.commit):
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        self._send(
            200, json.dumps(self.hub.listing()).encode(), {"Content-Type": "application/json"}
        )

    def _file(self, revision: str, name: str) -> None:
        path = self.hub.folder / name
        if self.hub.silent_s:
            threading.Event().wait(self.hub.silent_s)
        if self.hub.file_status:
            self._send(self.hub.file_status, b"no")
            return
        if self.hub.store:
            self._send(302, b"", {"Location": self.hub.store + self.path})
            return
        if revision not in ("main", self.hub.commit) or not path.is_file():
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        headers = {
            "ETag": f'"{"a" * 40}"',
            "X-Linked-Etag": f'"{sha256_of(path)}"',
            "X-Linked-Size": str(path.stat().st_size),
            "X-Repo-Commit": self.hub.commit,
            "Accept-Ranges": "bytes",
        }
        if name in self.hub.served:
            self._send(200, self.hub.served[name], headers)
            return
        self._stream(path, name, headers)

    def _stream(self, path: Path, name: str, headers: dict[str, str]) -> None:
        size = path.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(wanted[1]) if wanted else 0
        left = (int(wanted[2]) + 1 if wanted and wanted[2] else size) - first
        if wanted:
            headers["Content-Range"] = f"bytes {first}-{first + left - 1}/{size}"
        self.send_response(206 if wanted else 200)
        for key, value in {**headers, "Content-Length": str(left)}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = self.hub.cut.get(name)
        if cuts:
            left = min(left, cuts.pop(0))
            self.close_connection = True
        with path.open("rb") as opened:
            opened.seek(first)
            while left > 0 and (piece := opened.read(min(left, 1 << 20))):
                try:
                    self.wfile.write(piece)
                except OSError:  # the other side was killed
                    self.close_connection = True
                    return
                left -= len(piece)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
