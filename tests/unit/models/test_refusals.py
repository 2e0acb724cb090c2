"""What a store refuses becomes one sentence, and nothing of 4xx is asked twice."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gtc_runtime.models.bucket import Bucket
from gtc_spec.errors import GtcError, UnreachableError
from tests.unit.models.conftest import Models


class Refusing:
    """A store that answers everything alike."""

    def __init__(self) -> None:
        self.status, self.code, self.asked, self.good_after = 403, "AccessDenied", 0, 10**6
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.asked += 1
                good = outer.asked > outer.good_after
                body = b"ok" if good else f"<Error><Code>{outer.code}</Code></Error>".encode()
                self.send_response(200 if good else outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True  # a client may keep its connection
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    made = Refusing()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (403, "InvalidAccessKeyId", "check SPACES_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "check SPACES_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", "needs read and write access"),
        (404, "NoSuchBucket", "create the bucket"),
    ],
)
def test_a_refusal_is_asked_for_once_and_says_what_to_do(
    refusing: Refusing, status: int, code: str, hint: str
) -> None:
    refusing.status, refusing.code = status, code
    with pytest.raises(GtcError) as refused:
        Bucket("b", refusing.url, "key", "canary-secret", 2).read("k")
    assert refused.value.message == f"{refusing.url}/b answered {status} {code} to read k"
    assert hint in refused.value.hint
    assert "canary" not in str(refused.value)
    assert refused.value.exit_code == 1
    assert refusing.asked == 1


def test_a_busy_store_is_asked_again(refusing: Refusing) -> None:
    refusing.status, refusing.code, refusing.good_after = 503, "SlowDown", 1
    assert Bucket("b", refusing.url, "key", "secret", 2).read("k") == b"ok"
    assert refusing.asked == 2


def test_a_store_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtc_runtime.models.bucket.TRIES", 1)
    with pytest.raises(UnreachableError, match=r"store at http://127\.0\.0\.1:9 does not"):
        Bucket("b", "http://127.0.0.1:9", "key", "secret", 2).read("k")


def test_a_bucket_that_does_not_exist_is_named(models: Models) -> None:
    models.bucket = "nowhere-at-all"
    with pytest.raises(GtcError, match="nowhere-at-all answered 404 NoSuchBucket"):
        models.upload()
