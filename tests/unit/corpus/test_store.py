"""What every store does, and how each fails."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gtc_runtime.corpus import store as stores
from gtc_runtime.corpus.store import (
    DirectoryStore,
    NotInStoreError,
    SpacesAccess,
    SpacesStore,
    Store,
    open_store,
)
from gtc_spec.errors import GtcError, UnreachableError, UsageError
from tests.unit.corpus.conftest import BUCKET


def test_what_was_put_is_got(store: Store) -> None:
    store.put("a/b.txt", b"one")
    store.put("a/b.txt", b"two\0\xff")

    assert store.get("a/b.txt") == b"two\0\xff"


def test_keys_are_those_of_all_files(store: Store) -> None:
    assert store.keys() == set()

    for key in ("a/b", "c", ".d"):
        store.put(key, b"x")

    assert store.keys() == {"a/b", "c", ".d"}


def test_a_file_that_is_not_there_is_told_by_its_name(store: Store) -> None:
    with pytest.raises(NotInStoreError, match=r"a/b\.txt does not exist"):
        store.get("a/b.txt")


def test_what_was_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    store.put("a", b"x")
    store.delete("a")
    store.delete("a")

    assert store.keys() == set()


def test_an_empty_file_is_a_file(store: Store) -> None:
    store.put("a", b"")

    assert (store.get("a"), store.keys()) == (b"", {"a"})


def test_a_huge_file_is_refused_before_it_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a", b"x" * 11)
    monkeypatch.setattr(stores, "FILE_BYTES_MAX", 10)

    with pytest.raises(GtcError, match="no file of a corpus has"):
        store.get("a")


def test_two_prefixes_of_a_bucket_do_not_see_each_other(s3: SpacesAccess) -> None:
    SpacesStore(BUCKET, "one", s3).put("a", b"1")
    SpacesStore(BUCKET, "one-more", s3).put("b", b"2")

    assert SpacesStore(BUCKET, "one", s3).keys() == {"a"}


def test_more_files_than_fit_on_one_page_are_listed(
    make_bucket_store: Callable[[], SpacesStore],
) -> None:
    store = make_bucket_store()
    store._client.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 2}
    )
    for number in range(5):
        store.put(f"a{number}", b"x")

    assert len(store.keys()) == 5


def test_a_wrong_bucket_is_told_with_its_name(s3: SpacesAccess) -> None:
    with pytest.raises(UsageError, match="no bucket 'nowhere'") as caught:
        SpacesStore("nowhere", "p", s3).get("a")

    assert "region" in caught.value.hint


@pytest.mark.parametrize("place", ["s3://", "s3://bucket", "s3://bucket/", "gs://b/p", "s3:///p"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="allowed: a directory or s3://bucket/prefix"):
        open_store(place, SpacesAccess("http://127.0.0.1:1", "id", "secret"))


def test_a_bucket_without_a_key_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UsageError, match="no Spaces key") as caught:
        open_store("s3://bucket/corpus", SpacesAccess("http://127.0.0.1:1"))

    assert "SPACES_ACCESS_KEY_ID" in caught.value.hint


@pytest.mark.parametrize("key", ["/etc/passwd", "../x", "a/../../x"])
def test_a_key_cannot_leave_the_directory(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match="not a key"):
        DirectoryStore(tmp_path).put(key, b"x")


def test_a_directory_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(GtcError, match="cannot write") as caught:
        DirectoryStore(tmp_path / "file").put("a", b"x")

    assert "\n" not in caught.value.message


def test_a_store_that_does_not_answer_is_told_with_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stores, "ATTEMPTS", 1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        store = SpacesStore("bucket", "p", SpacesAccess(url, "id", "hunter2"))

        with pytest.raises(UnreachableError, match="cannot read s3://bucket/p/a") as caught:
            store.get("a")

    assert url in caught.value.hint
    assert "hunter2" not in repr(store.__dict__) + caught.value.message + caught.value.hint


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], SpacesAccess]]:
    """A server that answers every request with one status and S3 error code."""
    servers: list[ThreadingHTTPServer] = []

    def serve(status: int, code: str) -> SpacesAccess:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        servers.append(server)
        return SpacesAccess(f"http://127.0.0.1:{server.server_port}", "id", "secret")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "exit_code", "hint"),
    [
        (403, "InvalidAccessKeyId", 1, "SPACES_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", 1, "SPACES_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", 1, "may not do this"),
        (503, "SlowDown", 3, "repeat the command"),
        (500, "InternalError", 3, ""),
    ],
)
def test_a_refusal_says_which_one_and_what_to_do(
    answering: Callable[[int, str], SpacesAccess],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    exit_code: int,
    hint: str,
) -> None:
    monkeypatch.setattr(stores, "ATTEMPTS", 1)
    store = SpacesStore("bucket", "p", answering(status, code))

    with pytest.raises(GtcError, match=f"cannot read s3://bucket/p/a: {code}") as caught:
        store.get("a")

    assert caught.value.exit_code == exit_code
    assert hint in caught.value.hint


def test_no_checksum_is_sent_that_only_amazon_knows(
    make_bucket_store: Callable[[], SpacesStore],
) -> None:
    store = make_bucket_store()
    sent: list[str] = []
    store._client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.extend(map(str.lower, request.headers))
    )

    store.put("a", b"x")
    store.get("a")

    assert sent
    assert [each for each in sent if "x-amz-checksum" in each or "trailer" in each] == []
