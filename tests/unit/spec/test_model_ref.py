"""A checkpoint is named by owner and name, and is part of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.errors import UsageError
from gtc_spec.graph.model_ref import ModelRef


@given(st.from_regex(r"[\w.-]{1,20}/[\w.-]{1,20}", fullmatch=True))
def test_the_slug_of_a_model_can_be_part_of_a_name(repository):
    slug = ModelRef(repository=repository).slug

    assert all(sign.isdigit() or "a" <= sign <= "z" or sign == "-" for sign in slug)
    assert not slug.startswith("-")
    assert not slug.endswith("-")


@pytest.mark.parametrize("repository", ["llama", "a/b/c", "a b/c", ""])
def test_a_model_is_owner_and_name(repository):
    with pytest.raises(UsageError, match="owner/name"):
        ModelRef(repository=repository)
