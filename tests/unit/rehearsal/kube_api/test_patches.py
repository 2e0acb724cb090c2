"""The patch formats, as pure functions."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gtc_rehearsal.kube_api.objects import clone
from gtc_rehearsal.kube_api.storage.patch import merge, strategic

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
KEYS = st.sampled_from("abcd")
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


@given(OBJECTS)
def test_an_empty_merge_patch_changes_nothing(target: dict[str, Any]) -> None:
    assert merge(target, {}) == target


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_applied_twice_is_applied_once(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    once = merge(target, patch)

    assert merge(once, patch) == once


@given(OBJECTS)
def test_a_merge_into_nothing_is_the_patch_without_its_nulls(patch: dict[str, Any]) -> None:
    assert merge({}, patch) == without_nulls(patch)


@given(OBJECTS, OBJECTS)
def test_a_merge_leaves_its_arguments_alone(target: dict[str, Any], patch: dict[str, Any]) -> None:
    before = clone(target), clone(patch)

    merge(target, patch)

    assert (target, patch) == before


@given(OBJECTS, KEYS)
def test_null_removes(target: dict[str, Any], key: str) -> None:
    assert key not in merge(target, {key: None})


@given(OBJECTS, OBJECTS)
def test_a_strategic_patch_without_known_lists_is_a_merge_patch(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    assert strategic(target, patch) == merge(target, patch)


def test_a_strategic_patch_can_delete_an_item_of_a_list() -> None:
    target = {"containers": [{"name": "a"}, {"name": "b"}]}

    patched = strategic(target, {"containers": [{"name": "a", "$patch": "delete"}]})

    assert patched == {"containers": [{"name": "b"}]}


def test_a_strategic_patch_can_replace_a_map() -> None:
    assert strategic({"m": {"a": 1}}, {"m": {"$patch": "replace", "b": 2}}) == {"m": {"b": 2}}
