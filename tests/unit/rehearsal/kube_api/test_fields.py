"""Sets of field paths, the arithmetic under managedFields."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gtc_rehearsal.kube_api import fields
from gtc_rehearsal.kube_api.objects import clone

KEYS = st.sampled_from(["a", "b", "x/y", "c.d"])
OBJECTS = st.dictionaries(
    KEYS,
    st.recursive(
        st.integers() | st.lists(st.integers(), max_size=2),
        lambda inner: st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(OBJECTS)
def test_paths_survive_the_way_through_managed_fields(obj: dict[str, Any]) -> None:
    paths = fields.leaves({"spec": obj})

    assert fields.decode(fields.encode(paths)) == paths


@given(OBJECTS)
def test_every_path_leads_to_a_value(obj: dict[str, Any]) -> None:
    assert not fields.differing(obj, obj, fields.leaves(obj))


@given(OBJECTS)
def test_removing_every_path_leaves_nothing(obj: dict[str, Any]) -> None:
    left = clone(obj)
    for path in fields.leaves(obj):
        fields.remove(left, path)

    assert left == {}


def test_removing_one_path_keeps_its_neighbours() -> None:
    obj = {"spec": {"a": 1, "b": {"c": 2}}}

    fields.remove(obj, ("spec", "b", "c"))

    assert obj == {"spec": {"a": 1}}


def test_removing_what_is_not_there_changes_nothing() -> None:
    obj = {"spec": {"a": 1}}

    fields.remove(obj, ("spec", "x", "y"))

    assert obj == {"spec": {"a": 1}}


def test_identity_is_owned_by_nobody() -> None:
    obj = {"kind": "X", "metadata": {"name": "n", "uid": "u", "labels": {"a": "b"}}}

    assert fields.leaves(obj) == {("metadata", "labels", "a")}
