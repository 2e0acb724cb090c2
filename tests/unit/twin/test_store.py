"""What was played is found again, until something that it depends on changes."""

import json
import os

import pytest

from gtc_runtime.twin.course import CURVES
from gtc_runtime.twin.predicted import Phase, Predicted, Stretch
from gtc_runtime.twin.store import KEPT, Store, code_digest, digest
from gtc_spec.environment import load
from gtc_spec.profiles.profile import PROFILES

PROD = load("prod")
MADE = Predicted(
    1,
    (Stretch("BALANCED", 1, 1, dict.fromkeys(CURVES, ((1.0, 2.0),))),),
    (Phase("BALANCED", {"TTFT p95": 2.5}),),
)


def test_what_was_put_is_found_again(tmp_path):
    Store(tmp_path).put("a", MADE)

    assert Store(tmp_path).get("a") == MADE
    assert Store(tmp_path).get("b") is None


def test_a_broken_file_is_as_good_as_none(tmp_path):
    Store(tmp_path).put("a", MADE)
    (tmp_path / "twin" / "a.json").write_text("{")

    assert Store(tmp_path).get("a") is None


def test_the_oldest_are_forgotten(tmp_path):
    store = Store(tmp_path)
    for number in range(KEPT + 2):
        store.put(f"{number}", MADE)
        os.utime(tmp_path / "twin" / f"{number}.json", (number, number))
    store.put("last", MADE)

    assert store.get("last") == MADE
    assert store.get("0") is None
    assert len(list((tmp_path / "twin").iterdir())) == KEPT


@pytest.mark.parametrize(
    "other",
    [
        PROD.scaled(0.5),
        PROD.model_copy(update={"phases": "plan"}),
        load("dev"),
    ],
    ids=["time scale", "table", "facts"],
)
def test_the_digest_changes_with(other):
    assert digest(other, "code", 12) != digest(PROD, "code", 12)


def test_the_digest_changes_with_the_code_and_the_seeds_and_with_nothing_else():
    assert digest(PROD, "other", 12) != digest(PROD, "code", 12)
    assert digest(PROD, "code", 13) != digest(PROD, "code", 12)
    assert digest(load("prod"), "code", 12) == digest(PROD, "code", 12)


def test_the_digest_of_a_rehearsal_is_another_than_that_of_gpus():
    assert digest(PROD, "code", 12, simulated=True) != digest(PROD, "code", 12)


def test_the_digest_changes_with_what_a_profile_says(tmp_path):
    path = tmp_path / "mine.json"
    content = (PROFILES / f"{PROD.model.profile}.json").read_text()
    model = PROD.model.model_copy(update={"profile": str(path)})
    environment = PROD.model_copy(update={"model": model})
    path.write_text(content)
    before = digest(environment, "code", 12)
    facts = json.loads(content)
    path.write_text(json.dumps(facts | {"kv_bytes_per_token": 2 * facts["kv_bytes_per_token"]}))

    assert digest(environment, "code", 12) != before


def test_the_code_has_one_digest():
    assert code_digest() == code_digest()
