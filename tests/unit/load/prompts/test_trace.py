import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.prompts.chosen import TraceFile, Wording
from gtc_runtime.load.prompts.trace import TracePrompts, read_trace
from gtc_runtime.load.prompts.written import common_words
from gtc_spec.errors import UsageError

WORDING = Wording(words=common_words(), overhead_tokens=9)
ROW = {"timestamp": 0, "input_length": 1200, "output_length": 52, "hash_ids": [0, 1, 2]}


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def prompts(path, prompt_max=100_000, answer_max=10_000):
    return TracePrompts(TraceFile(path=path, wording=WORDING), prompt_max, answer_max)


def words(prompt):
    return prompt.messages[0]["content"].split(" ")[1:]


def test_rows_come_in_the_order_of_their_times_and_the_first_at_zero(tmp_path):
    rows = [ROW | {"timestamp": at} for at in (30535, 27482, 27482)]
    assert [row.at_s for row in read_trace(written(tmp_path / "t", *rows))] == pytest.approx(
        [0, 0, 3.053]
    )


@given(st.integers(1, 5000), st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_a_prompt_has_the_length_of_its_row_however_many_blocks_it_names(
    tmp_path_factory, length, blocks
):
    path = tmp_path_factory.mktemp("trace") / "t.jsonl"
    row = ROW | {"input_length": length, "hash_ids": list(range(blocks))}
    prompt = prompts(written(path, row)).prompt(0)
    assert prompt.prompt_tokens == max(length, WORDING.overhead_tokens)
    assert len(words(prompt)) + WORDING.overhead_tokens == prompt.prompt_tokens
    assert (prompt.max_tokens, prompt.exact) == (52, True)


def test_rows_that_begin_with_the_same_ids_begin_with_the_same_text(tmp_path):
    rows = (
        ROW | {"input_length": 3 * 512, "hash_ids": [0, 1, 2]},
        ROW | {"input_length": 3 * 512, "hash_ids": [0, 1, 3]},
        ROW | {"input_length": 3 * 512, "hash_ids": [4, 1, 2]},
    )
    made = prompts(written(tmp_path / "t", *rows))
    first, second, third = (words(made.prompt(n)) for n in range(3))
    assert first[: 2 * 512] == second[: 2 * 512]
    assert first[2 * 512 : 2 * 512 + 20] != second[2 * 512 : 2 * 512 + 20]
    assert first[:8] != third[:8]


def test_tokens_beyond_the_blocks_belong_to_the_row_alone(tmp_path):
    rows = [ROW | {"input_length": 700, "hash_ids": [5]}] * 2
    made = prompts(written(tmp_path / "t", *rows))
    first, second = words(made.prompt(0)), words(made.prompt(1))
    assert first[:512] == second[:512]
    assert first[512:] != second[512:]


def test_caps_hold_and_older_names_are_read(tmp_path):
    row = {"created_time": 5.5, "input_tokens": 900, "output_tokens": 70}
    prompt = prompts(written(tmp_path / "t", row), prompt_max=300, answer_max=20).prompt(0)
    assert (prompt.prompt_tokens, prompt.max_tokens) == (300, 20)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no rows"),
        ("nonsense\n", "t.jsonl:1 is not JSON"),
        ('{"timestamp": 0, "input_length": 5}\n', "t.jsonl:1: output_length is None"),
        ('{"timestamp": -1, "input_length": 5, "output_length": 1}\n', "timestamp is -1"),
        ('{"timestamp": true, "input_length": 5, "output_length": 1}\n', "timestamp is True"),
        ('{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": 3}\n', "hash_ids"),
        ("[1, 2]", "entry 1 is not an object"),
    ],
)
def test_a_row_of_another_form_is_refused_with_its_place(tmp_path, text, says):
    (tmp_path / "t.jsonl").write_text(text)
    with pytest.raises(UsageError) as refused:
        read_trace(tmp_path / "t.jsonl")
    assert says in refused.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*none: no such file"):
        read_trace(tmp_path / "none")
