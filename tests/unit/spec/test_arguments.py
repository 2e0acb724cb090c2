from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Protocol

import pytest
from pydantic import BaseModel, ConfigDict, Field

from gtc_spec.arguments import checked, introduce, plainly
from gtc_spec.errors import UsageError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Named(Protocol):
    @property
    def label(self) -> str: ...


class Ship:
    @property
    def label(self) -> str:
        raise AssertionError("nobody has to look at it")


class Key:
    pass


introduce(Key, "a key", "Key() makes one", secret=True)

FITS = [
    (int, 1), (float, 1), (float, 0.5), (bool, True), (str, ""), (Path, Path()),
    (Path | None, None), (Literal["a", "b"], "b"), (Colour, Colour.RED), (Colour, "blue"),
    (Sequence[str], ["a"]), (Sequence[str], ()), (Iterable[int], {1, 2}), (Any, object()),
    (Mapping[str, int], {"a": 1}), (Mapping[str, Any], {"a": object()}), (tuple[int, int], (1, 2)),
    (tuple[int, ...], (1, 2, 3)), (Callable[[dict[str, Any]], None], print), (Named, Ship()),
    (Sequence[Mapping[str, Any]], [{}]), (timedelta, timedelta(1)),
]  # fmt: skip
MISFITS = [
    (int, "1", "it is '1', allowed: a whole number"),
    (int, True, "it is True, allowed: a whole number"),
    (int, 1.0, "it is 1.0, allowed: a whole number"),
    (float, "1", "it is '1', allowed: a number"),
    (float, False, "it is False, allowed: a number"),
    (bool, 1, "it is 1, allowed: True or False"),
    (bool, None, "it is None, allowed: True or False"),
    (str, 5, "it is 5, allowed: text"),
    (Path, "a", "it is 'a', allowed: a Path"),
    (Path | None, PurePosixPath("a"), "it is a PurePosixPath, allowed: a Path or None"),
    (Literal["a", "b"], "c", "it is 'c', allowed: 'a', 'b'"),
    (Colour, "green", "it is 'green', allowed: 'red', 'blue'"),
    (Sequence[str], "abc", "it is 'abc', allowed: a list, each text"),
    (Sequence[str], ["a", 1], "it[1] is 1, allowed: text"),
    (Sequence[str], {"a": 1}, "it is a dict, allowed: a list, each text"),
    (Iterable[int], iter([1]), "it is a list_iterator, allowed: a list, each a whole number"),
    (Mapping[str, int], [], "it is a list, allowed: a mapping to a whole number"),
    (Mapping[str, int], {"a": "b"}, "it['a'] is 'b', allowed: a whole number"),
    (Mapping[str, int], {1: 1}, "a key of it is 1, allowed: text"),
    (Mapping[str, Mapping[str, int]], {"a": {"b": 0.5}},
     "it['a']['b'] is 0.5, allowed: a whole number"),
    (Path | Mapping[str, int], {"a": "b"}, "it['a'] is 'b', allowed: a whole number"),
    (tuple[int, int], [1, 2], "it is a list, allowed: (a whole number, a whole number)"),
    (tuple[int, int], (1, 2, 3), "it is (1, 2, 3), allowed: (a whole number, a whole number)"),
    (Callable[[], None], "print", "it is 'print', allowed: a function"),
    (Named, Key(), "it is a Key, allowed: a Named"),
    (Ship, Key, "it is the class Key, allowed: a Ship"),
]  # fmt: skip


def given(hint: Any, value: object) -> None:
    def function(it: Any) -> None:
        pass

    function.__annotations__ = {"it": hint}
    checked(function)(value)


@pytest.mark.parametrize(("hint", "value"), FITS)
def test_what_fits_is_taken(hint: Any, value: object) -> None:
    given(hint, value)


@pytest.mark.parametrize(("hint", "value", "said"), MISFITS)
def test_what_does_not_fit_is_told_where_it_is_found(hint: Any, value: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        given(hint, value)

    assert caught.value.message.removeprefix("given.<locals>.function: ") == said


def test_one_thing_in_place_of_a_list_of_it_is_told_how_to_write_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        given(Sequence[int], 5)

    assert caught.value.hint == "a list of one is it=[...]"


@pytest.mark.parametrize("hint", [Key, Key | None, Mapping[str, Mapping[str, Key]], Sequence[Key]])
@pytest.mark.parametrize("value", ["hunter2", {"a": "hunter2"}, ["hunter2"], b"hunter2"])
def test_what_stands_in_the_place_of_a_secret_is_never_repeated(hint: Any, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        given(hint, value)

    assert "hunter2" not in f"{caught.value!r}{caught.value.hint}"
    assert caught.value.hint == "Key() makes one"
    assert caught.value.__cause__ is None


def test_a_class_is_checked_when_it_is_made_and_keeps_its_signature() -> None:
    @checked
    class Box:
        """A box."""

        def __init__(self, size: int, *, label: str = "") -> None:
            self.size = size

    assert Box(3).size == 3
    assert Box.__doc__ == "A box."
    with pytest.raises(UsageError, match=r"^Box: label is 3, allowed: text$"):
        Box(3, label=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'lable'"):
        Box(3, lable="a")


def test_a_type_that_cannot_be_resolved_is_not_checked() -> None:
    @checked
    def function(it: "Nowhere") -> object:  # noqa: F821 - that is the point
        return it

    assert function(1) == 1


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")

    least: int = Field(ge=1)
    name: str = "rule"


class Rules(BaseModel):
    rule: Rule


def test_a_model_that_is_made_by_hand_says_each_problem_in_one_line() -> None:
    with pytest.raises(UsageError) as caught:
        plainly(Rule)(least=0, nmae="x")

    assert caught.value.message.splitlines() == [
        "Rule: least is 0, allowed: greater than or equal to 1",
        "Rule: got nmae, allowed: least, name",
    ]


def test_inside_another_model_it_stays_a_problem_among_others() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Rules.model_validate({"rule": {"least": 0}})
