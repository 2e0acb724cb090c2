import pytest

from gtc_constructs._bindings import HelmProvider, Release
from gtc_constructs.base import GtcConstruct, synthesise
from gtc_spec.errors import UsageError


class Empty(GtcConstruct):
    pass


class Broken(GtcConstruct):
    def problems(self):
        yield "the first rule"
        yield "the second rule"


def release(scope, id):
    return Release(scope, id, name=id, chart="chart")


def test_the_resources_of_a_construct_include_those_of_its_parts(stack):
    outer = Empty(stack, "outer")
    inner = Empty(outer, "inner")
    resources = (release(outer, "a"), release(inner, "b"))

    assert set(outer.resources) == set(resources)


def test_a_single_resource_can_be_waited_for(stack):
    first = release(stack, "first")

    assert Empty(stack, "second", after=[first]).depends_on == [first]


def test_waiting_for_nothing_is_refused_instead_of_lost(stack):
    with pytest.raises(UsageError, match="creates no resource"):
        Empty(stack, "second", after=[Empty(stack, "first")])


def test_broken_rules_are_listed_by_the_path_of_the_construct(app, stack):
    Broken(stack, "a")
    Broken(stack, "b")

    with pytest.raises(UsageError) as caught:
        synthesise(app)

    assert caught.value.message.splitlines() == [
        "stack/a: the first rule",
        "stack/a: the second rule",
        "stack/b: the first rule",
        "stack/b: the second rule",
    ]


def test_a_stack_without_connection_is_one_line_and_no_javascript(app, stack):
    release(stack, "first")

    with pytest.raises(UsageError) as caught:
        synthesise(app)

    assert "helm" in caught.value.message
    assert "at " not in caught.value.message.split("\n")[-1]
    assert "\n" not in caught.value.message


def test_a_sound_app_is_written(app, stack, tmp_path):
    HelmProvider(stack, "helm")
    release(stack, "first")

    assert synthesise(app) == tmp_path
    assert (tmp_path / "stacks/stack/cdk.tf.json").is_file()
