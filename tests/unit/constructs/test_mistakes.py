"""What a newcomer may type, table by table: it is told in one line, or accepted for a reason."""

import re

import pytest

from gtc_spec.errors import UsageError
from tests.synthesised import ROOT
from tests.unit.constructs.mistakes.program import Row, behind, rows, run

SECRET = "hunter2"
"""What stands in the tables for a secret that was given as text."""


def each(kind: str) -> pytest.MarkDecorator:
    found = rows(kind)
    return pytest.mark.parametrize("row", found, ids=[row.place for row in found])


@each("error")
def test_a_mistake_is_told_in_one_line_with_its_hint(app, stack, row: Row) -> None:
    with pytest.raises(UsageError) as caught:
        run(row.typed, app, stack)

    assert (caught.value.message, caught.value.hint) == (row.said, row.hint)


@each("error")
def test_no_line_repeats_a_secret_and_no_other_error_stands_behind_it(row: Row) -> None:
    assert SECRET not in row.said + row.hint


@pytest.mark.parametrize("row", [row for row in rows("error") if SECRET in row.typed])
def test_a_secret_that_was_given_as_text_is_in_no_error_behind_the_line(
    app, stack, row: Row
) -> None:
    with pytest.raises(UsageError) as caught:
        run(row.typed, app, stack)

    assert [repr(error) for error in behind(caught.value) if SECRET in repr(error)] == []


@each("python")
def test_arguments_that_fit_no_signature_are_told_by_python(app, stack, row: Row) -> None:
    with pytest.raises(TypeError, match=re.escape(row.said)):
        run(row.typed, app, stack)


@each("accepted")
def test_what_is_accepted_on_purpose_is_accepted(app, stack, row: Row) -> None:
    run(row.typed, app, stack)


def test_whatever_is_accepted_on_purpose_is_documented_with_its_reason() -> None:
    text = (ROOT / "constructs" / "README.md").read_text()
    section = re.split(r"^## ", text.split("## Accepted on purpose")[1], flags=re.MULTILINE)[0]
    documented = re.findall(r"^- (.*)$", section, flags=re.MULTILINE)

    assert sorted({row.said for row in rows("accepted")}) == sorted(documented)


def test_the_tables_hold_more_than_sixty_mistakes() -> None:
    assert len({row.typed for row in rows("error")}) > 60
