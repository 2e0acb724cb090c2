"""What the proofs make of figures, and how verdicts are written down."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from gtc_cli.checks.junit import junit
from gtc_runtime.checks.verify import disagg
from gtc_runtime.checks.verify.client import short
from gtc_runtime.load.prompts.prompt import Prompt
from gtc_runtime.verdict import STATES, Report, Verdict

CHECKS = st.builds(
    Verdict,
    name=st.sampled_from(["disagg", "kv-cache"]),
    state=st.sampled_from(STATES),
    found=st.text(max_size=60),
    expected=st.text(max_size=20),
    hint=st.text(max_size=20),
    took_s=st.floats(0, 1000),
)


@given(st.lists(CHECKS, max_size=6))
def test_junit_can_be_read_whatever_a_server_said_and_counts_every_verdict(
    checks: list[Verdict],
) -> None:
    suite = ElementTree.fromstring(junit("proofs", Report(tuple(checks), 1.0)))
    red = sum(check.state == "red" for check in checks)
    green = sum(check.state == "green" for check in checks)
    assert suite.get("tests") == str(len(checks)) == str(len(suite.findall("testcase")))
    assert suite.get("failures") == str(red) == str(len(suite.findall(".//failure")))
    assert suite.get("skipped") == str(len(checks) - red - green)


def test_a_pool_that_counted_nothing_is_told_from_a_bypassed_prefill() -> None:
    assert "bypassed" in disagg._judged(0, disagg.REQUESTS).found
    assert "bypassed" in disagg._judged(None, disagg.REQUESTS).found
    unscraped = disagg._judged(None, None)
    assert unscraped.state == "red"
    assert "prometheus counted nothing" in unscraped.found
    assert disagg._judged(disagg.REQUESTS, disagg.REQUESTS).state == "green"


def test_a_shorter_answer_is_exact_and_never_longer_than_the_workloads_own() -> None:
    prompt = Prompt([{"role": "user", "content": "hi"}], 1, 1, max_tokens=20)
    assert (short(prompt, 8).max_tokens, short(prompt, 8).exact) == (8, True)
    assert short(prompt, 100).max_tokens == 20
