import json

import pytest

from gtc_constructs._bindings import HelmProvider, Release, TerraformStack
from gtc_constructs.base import GtcConstruct, synthesise
from gtc_spec.errors import UsageError
from tests.synthesised import Synthesised


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


def test_what_cdk_calls_a_dependency_reaches_the_resources(app, stack):
    HelmProvider(stack, "helm")
    outer = Empty(stack, "outer")
    release(Empty(outer, "inner"), "first")
    then = Empty(stack, "then")
    release(then, "second")
    then.node.add_dependency(outer)

    made = Synthesised(stack)

    first = made.address("helm_release", made.release("first"))
    assert made.release("second")["depends_on"] == [first]


def test_a_dependency_that_makes_nothing_is_told_instead_of_lost(app, stack):
    first, then = Empty(stack, "first"), Empty(stack, "then")
    then.node.add_dependency(first)

    with pytest.raises(UsageError, match=r"^stack/then: add_dependency names stack/first which"):
        synthesise(app)


@pytest.mark.parametrize("tell", ["after", "add_dependency"])
def test_what_is_in_another_stack_makes_that_stack_come_first(app, stack, tmp_path, tell):
    other = TerraformStack(app, "other")
    first = Empty(other, "first")
    for each in (stack, other):
        HelmProvider(each, "helm")
    release(first, "first")
    then = Empty(stack, "then", after=[first] if tell == "after" else [])
    Release(then, "second", name="second", chart="chart", depends_on=then.depends_on)
    if tell == "add_dependency":
        then.node.add_dependency(first)

    synthesise(app)

    made = json.loads((tmp_path / "manifest.json").read_text())["stacks"]
    assert made["stack"]["dependencies"] == ["other"]
    assert not Synthesised(tmp_path / "stacks/stack/cdk.tf.json").release("second")["depends_on"]
