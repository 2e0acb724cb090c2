"""What a store refuses becomes one sentence, and nothing of 4xx is asked twice."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore, Patience
from gtc_spec.errors import GtcError, UnreachableError, UsageError


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


def store(url: str, tries: int = 6) -> BucketStore:
    access = SpacesAccess(url, "key", "canary-secret")
    return BucketStore("bucket", "p", access, patience=Patience(2.0, 2.0, tries))


@pytest.mark.parametrize(
    ("status", "code", "exit_code", "hint"),
    [
        (403, "InvalidAccessKeyId", 1, "check SPACES_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", 1, "check SPACES_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", 1, "needs read and write access"),
        (507, "QuotaExceeded", 3, "the bucket is full"),
    ],
)
def test_a_refusal_says_which_one_and_what_to_do(
    refusing: Refusing, status: int, code: str, exit_code: int, hint: str
) -> None:
    refusing.status, refusing.code = status, code
    with pytest.raises(GtcError) as refused:
        store(refusing.url).get("k")
    assert refused.value.message == f"cannot read s3://bucket/p/k: {code}"
    assert hint in refused.value.hint
    assert "canary" not in str(refused.value)
    assert refused.value.exit_code == exit_code
    assert refusing.asked == 1


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [(503, "SlowDown", "repeat later"), (500, "InternalError", "repeat later")],
)
def test_a_busy_store_is_asked_again_and_then_unreachable(
    refusing: Refusing, status: int, code: str, hint: str
) -> None:
    refusing.status, refusing.code, refusing.good_after = status, code, 1
    assert store(refusing.url).get("k") == b"ok"
    assert refusing.asked == 2
    refusing.good_after = 10**6
    with pytest.raises(UnreachableError, match=f"cannot read s3://bucket/p/k: {code}") as busy:
        store(refusing.url, tries=1).get("k")
    assert hint in busy.value.hint


def test_a_store_that_is_not_there_is_unreachable() -> None:
    away = store("http://127.0.0.1:9", tries=1)
    with pytest.raises(
        UnreachableError, match=r"store at http://127\.0\.0\.1:9 does not"
    ) as caught:
        away.get("k")
    assert "canary" not in repr(away.__dict__) + caught.value.message + caught.value.hint


def test_a_bucket_that_does_not_exist_is_named(s3: SpacesAccess) -> None:
    nowhere = BucketStore("nowhere-at-all", "p", s3)
    for act in (nowhere.reach, nowhere.sizes, lambda: nowhere.get("k")):
        with pytest.raises(UsageError, match="there is no bucket 'nowhere-at-all'") as refused:
            act()
        assert "region" in refused.value.hint
