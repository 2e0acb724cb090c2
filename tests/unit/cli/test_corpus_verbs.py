"""`gtc corpus` from an empty directory to a verified bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from tests.s3_server import KEY_ID, SECRET, s3_server
from tests.unit.cli.conftest import Call
from tests.unit.corpus.site import Page, serving

BUCKET = "texts"
PLACE = f"s3://{BUCKET}/corpus"
OFFLINE = ("corpus", "build", "--env", "dev", "--offline")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as url:
        BucketStore(BUCKET, "x", SpacesAccess(url, KEY_ID, SECRET))._s3.create_bucket(Bucket=BUCKET)
        yield url


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> BucketStore:
    """The environment names this bucket's server; the bucket is emptied."""
    monkeypatch.setenv("GTC_SPACES_ENDPOINT", server)
    monkeypatch.setenv("SPACES_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("SPACES_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    store = BucketStore(BUCKET, "corpus", SpacesAccess(server, KEY_ID, SECRET))
    for key in sorted(store.sizes()):
        store.delete(key)
    return store


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_a_corpus_is_built_and_a_second_build_does_nothing(gtc: Call, tmp_path: Path) -> None:
    first, second = gtc(*OFFLINE), gtc(*OFFLINE)

    assert (first.code, second.code) == (0, 0)
    assert "tokens are estimated (within 1 % in total" in first.out
    assert "built a dev corpus from our own passages: 40 records in .gtc/corpus" in first.out
    assert second.out.startswith("nothing to do: .gtc/corpus holds a dev corpus")
    assert (tmp_path / ".gtc/corpus/summarization/long/docs.jsonl").is_file()


def test_force_builds_it_anew(gtc: Call, tmp_path: Path) -> None:
    gtc(*OFFLINE)
    (tmp_path / ".gtc/corpus/chat/passages.jsonl").unlink()

    assert "built a dev corpus" in gtc(*OFFLINE, "--force").out
    assert gtc("corpus", "verify", ".gtc/corpus").code == 0


def test_a_damaged_corpus_is_built_anew_without_force(gtc: Call, tmp_path: Path) -> None:
    gtc(*OFFLINE)
    (tmp_path / ".gtc/corpus/chat/passages.jsonl").write_text("")

    assert "built a dev corpus" in gtc(*OFFLINE).out


def test_a_directory_with_other_files_is_left_alone(gtc: Call, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter.txt").write_text("dear")

    told = gtc(*OFFLINE, "--out", "home")

    assert told.code == 2
    assert told.error == "home holds files that are not a corpus, such as letter.txt"
    assert (tmp_path / "home/letter.txt").read_text() == "dear"


def test_a_corpus_travels_to_the_bucket_and_is_verified_there(
    gtc: Call, bucket: BucketStore
) -> None:
    gtc(*OFFLINE)

    pushed = gtc("corpus", "push", "--bucket", BUCKET)
    again = gtc("corpus", "push", "--bucket", BUCKET)
    verified = gtc("corpus", "verify", "--bucket", BUCKET)

    assert pushed.code == 0, pushed.err
    assert f"7 files sent to {PLACE}" in pushed.out
    assert again.out == f"{PLACE} is up to date\n"
    assert verified.out == f"ok: 5 files at {PLACE} are what the manifest says\n"


def test_verify_names_every_file_that_is_wrong(gtc: Call, bucket: BucketStore) -> None:
    gtc(*OFFLINE)
    gtc("corpus", "push", "--bucket", BUCKET)
    bucket.put("chat/passages.jsonl", b"short")
    bucket.delete("reasoning/prompts.jsonl")
    bucket.put("notes.txt", b"mine")

    told = gtc("corpus", "verify", "--bucket", BUCKET)

    assert told.code == 1
    wrong = [line.split()[1] for line in told.out.splitlines()]
    assert sorted(wrong) == ["chat/passages.jsonl", "notes.txt", "reasoning/prompts.jsonl"]
    assert told.error == f"3 files at {PLACE} are not as they should be"


def test_deploy_does_all_three_once(gtc: Call, bucket: BucketStore) -> None:
    deploy = ("corpus", "deploy", "--env", "dev", "--offline", "--bucket", BUCKET)

    first, second = gtc(*deploy), gtc(*deploy)

    assert first.code == 0, first.err
    assert "built a dev corpus" in first.out
    assert first.out.endswith("are what the manifest says\n")
    assert second.out == f"nothing to do: {PLACE} holds a dev corpus\n"


def test_show_says_what_there_is_and_quotes_some_of_it(gtc: Call) -> None:
    gtc(*OFFLINE)

    told = gtc("corpus", "show", "--samples", "1")

    assert told.code == 0, told.err
    assert told.out.startswith("dev corpus at .gtc/corpus, built 20")
    assert "reasoning/prompts.jsonl           20 records" in told.out
    assert "long document Reader" in told.out
    assert max(map(len, told.out.splitlines())) <= 110


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_no_corpus_is_told_with_what_to_run(gtc: Call, verb: str) -> None:
    told = gtc("corpus", verb, ".gtc/corpus")

    assert told.code == 1
    assert "no complete corpus at .gtc/corpus" in told.out + told.error
    assert "gtc corpus" in told.hint


def test_a_site_that_refuses_is_told_in_one_line(gtc: Call, tmp_path: Path) -> None:
    with serving() as site:
        site.pages |= {"/cache/epub/1342/pg1342.txt": Page(status=403)}
        told = gtc("corpus", "build", "--env", "dev", "--source-url", f"gutenberg={site.url}")

    assert told.code == 3
    assert told.error.startswith("Project Gutenberg: refused http://127.0.0.1:")
    assert not (tmp_path / ".gtc/corpus").exists()


@pytest.mark.usefixtures("no_key")
def test_a_push_without_a_key_says_which_variables_to_set(gtc: Call) -> None:
    gtc(*OFFLINE)

    told = gtc("corpus", "push")

    assert told.code == 2
    assert told.error == (
        "the bucket do-gtc2026-doks-demo needs SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY"
    )
    assert told.hint == "set them, or put them into .env"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("build", "--size", "huge"), "'huge' is not one of"),
        (("build", "--source-url", "gutenberg"), "not a source and its address"),
        (("build", "--source-url", "wiki=http://x"), "no source is called 'wiki'"),
        (("build", "--tokenizer", "main.py"), "does not exist"),
        (("push", "--prefix", ""), "not the place of a corpus"),
        (("verify", "ftp://x/y"), "not the place of a corpus"),
        (("show", "--samples", "-1"), "-1 is not in the range"),
    ],
)
def test_odd_arguments_are_refused_in_one_line(
    gtc: Call, arguments: tuple[str, ...], said: str
) -> None:
    told = gtc("corpus", *arguments)

    assert told.code == 2
    assert said in told.error
    assert "Traceback" not in told.err
