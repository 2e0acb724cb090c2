import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.corpus import curate, tokens
from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.prompts.chat import Chat
from gtc_runtime.load.prompts.library import Library, followup_questions
from gtc_runtime.load.prompts.prompt import RequestWriter, TokenRatio
from gtc_runtime.load.prompts.reasoning import Reasoning
from gtc_runtime.load.prompts.summarization import Summarization
from gtc_spec.environment import load

SHAPES = load("prod").workloads
LIBRARY = Library.bundled(1)


@settings(deadline=None, max_examples=50)
@given(st.integers(10, 20_000))
def test_a_text_has_the_words_that_were_asked_for(words):
    assert len(LIBRARY.text(words).split()) == words


def test_long_answers_are_asked_for_by_questions_that_want_them():
    def mean(wanted):
        asked = [LIBRARY.question(200, wanted).expected_output_length for _ in range(200)]
        return sum(asked) / len(asked)

    assert mean(700) < 1000 < 1300 < mean(1800)


def test_many_different_questions_are_asked():
    asked = {LIBRARY.question(200, tokens).id for tokens in range(500, 2000, 2)}
    assert len(asked) > 60


def test_a_limit_below_every_question_gives_the_shortest():
    assert len(LIBRARY.question(1, 1000).prompt.split()) < 90


def test_a_long_document_costs_less_than_five_milliseconds():
    documents = Summarization(SHAPES.summarization, LIBRARY, TokenRatio(1.3), seed=1)
    writer = RequestWriter("http://127.0.0.1:8000", "m", Dialect())
    costs_s = []
    for _ in range(20):
        before_s = time.process_time()
        writer.write(documents.next())
        costs_s.append(time.process_time() - before_s)
    assert sorted(costs_s)[10] < 0.005


def test_prompts_have_the_length_of_their_shape_in_estimated_tokens():
    ratio = TokenRatio(1.3)
    documents = Summarization(SHAPES.summarization, LIBRARY, ratio, seed=1)
    questions = Reasoning(SHAPES.reasoning, LIBRARY, ratio, seed=1)
    chat = Chat(SHAPES.chat, LIBRARY, ratio, seed=1)
    for _ in range(20):
        document = documents.next().messages[0]["content"]
        assert 9_900 <= len(document.split()) * 1.3 <= 20_100
        question = questions.next().messages[0]["content"]
        assert 50 <= len(question.split()) * 1.3 <= 222
        context = " ".join(m["content"] for m in chat.begin().messages)
        assert 3_900 <= len(context.split()) * 1.3 <= 6_100


@pytest.fixture(scope="module")
def curated(tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "corpus"
    order = curate.Order(out, "dev", offline=True)
    asyncio.run(curate.build(order, tokens.estimate(), lambda _: None))
    return Library.open(out, 1)


@pytest.mark.parametrize("words", [3_000, 7_700, 12_000, 17_000])
def test_a_document_is_cut_where_a_sentence_ends(curated, words):
    for _ in range(5):
        text = curated.document(words)

        assert text.endswith((".", "?", "!", '"'))
        assert 0.97 * words - 40 <= len(text.split()) <= words


def test_a_document_comes_from_the_shortest_bucket_that_is_long_enough(curated):
    def readers(words):
        return {int(curated.document(words).split()[1].rstrip(":")) for _ in range(40)}

    assert readers(2_000) == {1, 2, 3, 4}
    assert readers(7_000) == {5, 6, 7}
    assert readers(14_000) == {8, 9, 10}


def test_a_corpus_that_is_not_whole_is_replaced_by_the_bundled_texts(tmp_path, caplog):
    library = Library.open(tmp_path, 1)

    assert library.document(500).split() == Library.bundled(1).text(500).split()
    assert "the bundled texts are used: no complete corpus" in caplog.text


def test_no_two_conversations_begin_alike():
    chat = Chat(SHAPES.chat, LIBRARY, TokenRatio(1.3), seed=1)
    openings = [chat.begin().messages[0]["content"][:20] for _ in range(200)]
    assert len(set(openings)) == 200


def test_follow_up_questions_are_short_and_different():
    questions = followup_questions()
    assert len(set(questions)) == len(questions) >= 20


def test_the_ratio_ignores_short_prompts_and_impossible_counts():
    ratio = TokenRatio(1.3)
    ratio.learn(words=20, tokens=400)
    ratio.learn(words=1000, tokens=0)
    assert ratio.tokens_per_word == 1.3
    for _ in range(200):
        ratio.learn(words=1000, tokens=10**9)
    assert ratio.tokens_per_word <= 4.0


def test_a_request_goes_to_the_completions_path_whatever_the_base_address():
    from gtc_runtime.load.prompts.prompt import Prompt

    prompt = Prompt([{"role": "user", "content": "hi"}], 1, 1, 5)
    for url in ("http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"):
        head = RequestWriter(url, "m", Dialect(ignore_eos=False)).write(prompt)
        assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nHost: h:1\r\n")
        assert b"ignore_eos" not in head
