"""A manifest says what belongs where, and no text can make it point outside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.models.manifest import File, Manifest, marked, parse
from gtc_spec.errors import GtcError

SHA = "0" * 64


def manifest(**sizes: int) -> Manifest:
    files = tuple(File(name=name, size_bytes=size, sha256=SHA) for name, size in sizes.items())
    return Manifest(repository="a/b", revision="c" * 40, files=files)


def test_a_manifest_is_read_as_it_was_written() -> None:
    made = manifest(a=1, b=2)
    assert parse(made.to_json(), "m") == made
    assert made.total_bytes == 3


def test_a_marker_belongs_to_one_manifest() -> None:
    one, other = manifest(a=1), manifest(a=2)
    assert marked(one.to_json(), one.marker, "m") == one
    assert marked(one.to_json(), other.marker, "m") is None
    assert marked(None, one.marker, "m") is None
    assert marked(one.to_json(), None, "m") is None


def test_wrong_sizes_are_named_and_other_files_are_nobodys_business() -> None:
    assert manifest(a=1, b=2, c=3).wrong_sizes({"a": 1, "b": 1, "d": 9}) == [
        "b: 1 bytes where 2 belong",
        "c: missing",
    ]


@pytest.mark.parametrize(
    "name",
    ["../up", "/etc/passwd", "a/../../b", ".download-complete", "a//b", "a/.hidden", "a.part", ""],
)
def test_a_name_cannot_leave_the_folder_or_be_one_of_ours(name: str) -> None:
    text = {"repository": "a/b", "revision": "c", "files": [{"name": name}]}
    text["files"][0] |= {"size_bytes": 1, "sha256": SHA}  # type: ignore[index]
    with pytest.raises(GtcError, match=r"m is no manifest: files\.0\.name"):
        parse(json.dumps(text).encode(), "m")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_manifest_or_one_sentence(text: bytes) -> None:
    with pytest.raises(GtcError, match=r"^m is no manifest: "):
        parse(text, "m")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.fixed_dictionaries({"repository": JSON, "revision": JSON, "files": JSON}))
def test_any_json_in_the_right_places_is_a_manifest_or_one_sentence(content: object) -> None:
    with pytest.raises(GtcError, match=r"^m is no manifest: "):
        parse(json.dumps(content).encode(), "m")
