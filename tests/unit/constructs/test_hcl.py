import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_constructs.hcl import document, literal

TOKEN = "${TfToken[TOKEN.7]}"
nasty = st.text(alphabet='$%{}a"\\\n\u20ac', max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | nasty,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(nasty, inner, max_size=3),
    max_leaves=8,
)


def read_by_terraform(text: str) -> str:
    """Terraform's own reading of a template without expressions."""
    return re.sub(r"\$\$\{|%%\{", lambda found: found[0][1:], text)


@given(nasty)
def test_terraform_reads_back_any_text(text):
    assert read_by_terraform(literal(text)) == text


@given(nasty)
def test_no_text_can_start_an_expression(text):
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", literal(text))


@given(st.dictionaries(nasty, values, max_size=4))
def test_a_document_carries_any_values(given_values):
    assert json.loads(read_by_terraform(document(given_values))) == given_values


def test_a_token_stays_a_token():
    assert literal(f"{TOKEN}/a ${{b}}") == f"{TOKEN}/a $${{b}}"


def test_whole_numbers_stay_whole():
    assert json.loads(document({"bytes": 16777216})) == {"bytes": 16777216}


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs the terraform command")
def test_the_real_terraform_agrees(tmp_path):
    texts = ["${a}", "$${a}", "%{ if }", "%%{", "$", "$$", "$${", "a$%{}", 'q"\\n']
    outputs = {f"text{i}": {"value": literal(text)} for i, text in enumerate(texts)}
    (tmp_path / "main.tf.json").write_text(json.dumps({"output": outputs}))

    def terraform(*arguments):
        command = ["terraform", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=30
        ).stdout

    terraform("apply", "-auto-approve", "-input=false")
    shown = json.loads(terraform("output", "-json"))

    assert [shown[f"text{i}"]["value"] for i in range(len(texts))] == texts
