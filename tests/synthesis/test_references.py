"""The lint finds what Terraform would refuse, and nothing else."""

import pytest

from tests.synthesis.references import problems

STACK = {
    "variable": {"hf_token": {}},
    "locals": {"others": 0},
    "data": {"some_cluster": {"one": {}}},
    "resource": {"some_share": {"models_1": {"//": {"x": "${nothing.at.all}"}}}},
}


@pytest.mark.parametrize(
    "text",
    [
        "plain $ text % with {braces}",
        "$${datasource} and %%{if}",
        "${var.hf_token}",
        "${local.others == 0}",
        "${some_share.models_1.host}:${some_share.models_1.mount_path}",
        "${base64decode(data.some_cluster.one.kube_config[0].certificate)}",
        '${contains(self.tags, "a.b }")}',
        '${try(length(jsondecode(file("../x.y")).resources), 0) == 0}',
    ],
)
def test_what_leads_somewhere_is_accepted(text):
    assert problems({**STACK, "output": {"x": {"value": text}}}) == []


@pytest.mark.parametrize(
    "text",
    [
        "${datasource}",
        "${var.missing}",
        "${local.missing}",
        "${data.some_cluster.other.id}",
        "${some_share.models_2.host}",
        "${some_share}",
        "%{ if true }",
        "a ${upper(lost.and.found)} b",
    ],
)
def test_what_leads_nowhere_is_found(text):
    found = problems({**STACK, "output": {"x": {"value": text}}})

    assert len(found) == 1
    assert found[0].startswith(".output.x.value: ")


def test_keys_are_templates_too():
    assert problems({"locals": {"${lost.it}": 1}}) != []
