import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.prompts.chosen import Length, PromptFile
from gtc_runtime.load.prompts.files import ANSWER_TOKENS, FilePrompts, read_scripts
from gtc_runtime.load.prompts.prompt import TokenRatio
from gtc_spec.errors import UsageError

RATIO = TokenRatio(2.0)
NAMES = ["prompt", "messages", "conversations", "role", "from", "value", "content"]
USER = {"role": "user", "content": "why so?"}


def prompts(path, *rows, osl=None):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return FilePrompts(PromptFile(path=path, osl=osl), RATIO, 1000, (0.0, 0.0), 1)


def test_plain_prompts_come_in_the_order_of_the_file_and_from_its_start_again(tmp_path):
    made = prompts(tmp_path / "p", {"prompt": "one"}, {"prompt": "two", "max_tokens": 9})
    said = [made.prompt(made.begin(number)) for number in range(3)]
    assert [each.messages[0]["content"] for each in said] == ["one", "two", "one"]
    assert [each.max_tokens for each in said] == [ANSWER_TOKENS, 9, ANSWER_TOKENS]
    assert not said[0].exact


def test_messages_are_one_request_as_they_are(tmp_path):
    messages = [
        {"role": "system", "content": "be brief"}, USER,
        {"role": "assistant", "content": "because"}, USER,
    ]  # fmt: skip
    talk = prompts(tmp_path / "p", {"messages": messages}).begin(0)
    assert talk.messages == messages
    assert talk.last_turn


def test_an_answer_at_the_end_of_messages_says_how_long_it_shall_be(tmp_path):
    said = {"role": "assistant", "content": "a b c d e"}
    made = prompts(tmp_path / "p", {"messages": [USER, said]})
    talk = made.begin(0)
    assert talk.messages == [USER]
    assert made.prompt(talk).max_tokens == 10


def test_sharegpt_is_played_turn_by_turn_with_the_answers_of_the_server(tmp_path):
    row = {
        "id": "x",
        "conversations": [
            {"from": "system", "value": "be kind"}, {"from": "human", "value": "first?"},
            {"from": "gpt", "value": "a b c"}, {"from": "human", "value": "second?"},
            {"from": "gpt", "value": "d e f g"},
        ],
    }  # fmt: skip
    made = prompts(tmp_path / "p", row)
    talk = made.begin(0)
    assert [each["content"] for each in talk.messages] == ["be kind", "first?"]
    assert (made.prompt(talk).max_tokens, talk.last_turn) == (6, False)
    talk.answered("their words", 20, 5)
    talk.ask(talk.questions.pop(0), 2)
    assert [each["content"] for each in talk.messages[2:]] == ["their words", "second?"]
    assert (made.prompt(talk).max_tokens, talk.last_turn) == (8, True)


def test_a_list_in_one_file_is_read_as_lines_are(tmp_path):
    (tmp_path / "p").write_text(json.dumps([{"prompt": "one"}, {"prompt": "two"}], indent=1))
    assert len(read_scripts(tmp_path / "p", RATIO)) == 2


def test_recorded_conversations_without_a_question_are_left_out(tmp_path):
    rows = [{"conversations": []}, {"conversations": [{"from": "gpt", "value": "hm"}]}]
    made = prompts(tmp_path / "p", *rows, {"prompt": "one"})
    assert made.begin(0).messages[0]["content"] == made.begin(1).messages[0]["content"] == "one"


def test_a_length_that_was_asked_for_rules_and_is_exact(tmp_path):
    row = {"prompt": "one", "max_tokens": 9}
    made = prompts(tmp_path / "p", row, osl=Length(mean=33))
    prompt = made.prompt(made.begin(0))
    assert (prompt.max_tokens, prompt.exact) == (33, True)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"text": "x"}, "p:1 is no prompt, it has: text"),
        ({"messages": [{"role": "user"}]}, "a message has no text in 'content'"),
        ({"messages": []}, "nobody asks anything"),
        ({"messages": [{"role": "system", "content": "x"}]}, "nobody asks anything"),
        ({"conversations": [{"from": "bob", "value": "x"}]}, "'bob' says something"),
        ({"conversations": []}, "nobody asks anything in"),
        ({"prompt": "x", "max_tokens": 0}, "the length of the answer is 0"),
        ({"prompt": "x", "max_tokens": "9"}, "the length of the answer is '9'"),
    ],
)
def test_a_row_of_another_form_is_refused(tmp_path, row, says):
    with pytest.raises(UsageError) as refused:
        prompts(tmp_path / "p", row)
    assert says in refused.value.message


@given(st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(NAMES),
        inner, max_size=3,
    ),
))  # fmt: skip
def test_any_json_is_read_or_refused_in_one_line(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("any") / "p"
    path.write_text(json.dumps(value))
    try:
        told = f"{len(read_scripts(path, RATIO))} rows"
    except UsageError as error:
        told = error.message
    assert len(told.splitlines()) == 1
