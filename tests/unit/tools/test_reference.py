"""The reference of the constructs: what it reads, and what it calls a gap."""

from dataclasses import replace

import pytest

from tools.reference import gaps, pages, things
from tools.reference.docstrings import Docstring
from tools.reference.things import Parameter, Thing

DOCSTRING = """What it is.

    More about it.

    Args:
        size: Its size,
            GiB. Default: 3.
        name: Its name.

    Raises:
        UsageError: The size is wrong.
    """
SIZE = Parameter("size_gib", "int", "3", "Its size. Default: 3.")
POOL = Thing("Pool", "gtc_spec.x", "value", Docstring("A pool."), (SIZE,))


def found(thing: Thing) -> list[str]:
    return list(gaps._of(thing))


def test_a_docstring_is_read_into_its_parts() -> None:
    read = Docstring.read(DOCSTRING)

    assert (read.summary, read.body) == ("What it is.", "More about it.")
    assert read.inputs == {"size": "Its size, GiB. Default: 3.", "name": "Its name."}
    assert read.errors == {"UsageError": "The size is wrong."}


def test_what_is_described_leaves_no_gap() -> None:
    assert found(POOL) == []


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"text": ""}, "nothing is said of it"),
        ({"text": "Its size."}, "no Default: says"),
        ({"name": "big", "text": "How big. Default: 3."}, "nothing says what it counts"),
    ],
)
def test_a_gap_of_an_input_is_named(change: dict[str, str], gap: str) -> None:
    [sentence] = found(replace(POOL, inputs=(replace(SIZE, **change),)))

    assert gap in sentence


def test_an_error_that_nobody_announces_is_a_gap() -> None:
    assert found(replace(POOL, raises=True)) == ["Pool: raises an error, and no Raises: says when"]


def test_an_input_that_is_gone_but_still_described_is_a_gap() -> None:
    doc = Docstring("A pool.", inputs={"size_gib": "x", "old": "y"})

    assert found(replace(POOL, doc=doc)) == ["Pool: describes old, which is no input"]


@pytest.mark.parametrize(
    ("name", "kind", "text", "unit"),
    [
        ("drain_s", "float", "Longest wait.", "s"),
        ("count", "int | None", "Nodes of a pool.", "nodes"),
        ("timeout", "timedelta", "Longest wait.", "duration"),
        ("size_s", "str", "A slug.", ""),
    ],
)
def test_a_number_has_a_unit_by_its_name_or_its_words(name, kind, text, unit) -> None:
    assert pages.unit(Parameter(name, kind, None, text)) == unit


def test_the_default_stands_apart_from_what_is_said() -> None:
    ttl = Parameter("ttl", "timedelta", "WAIT", "How long. Default: 2 hours; not more. Or less.")

    assert pages.split_default(ttl) == ("How long. Or less.", "2 hours; not more")


def test_inputs_come_from_the_constructor_and_outputs_from_what_it_sets() -> None:
    cluster = things.thing("GpuCluster", "gtc_constructs.cluster.gpu_cluster")
    inputs = {each.name: each for each in cluster.inputs}
    outputs = {each.name for each in cluster.outputs}

    assert cluster.sort == "construct"
    assert inputs["region"].default is None
    assert inputs["ha"].default == "True"
    assert {"cluster", "gpus", "models"} <= outputs
    assert "resources" not in outputs
    assert [each.name for each in cluster.methods] == ["add_gpu_pool"]


def test_what_is_passed_on_from_cdktf_has_no_page() -> None:
    known = things.things()

    assert known["TerraformStack"].sort == "cdktf"
    assert not [path for path in pages.files() if path.stem == "TerraformStack"]
