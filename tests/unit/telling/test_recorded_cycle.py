"""The packaged show, a real rehearsal second by second: nothing said contradicts its figures."""

from dataclasses import replace

from gtc_runtime.recording.folder import packaged
from gtc_runtime.recording.reader import Recording, read
from gtc_runtime.telling.sentences import Sentences
from gtc_runtime.told import SentenceView
from tests.contradictions import contradictions, walk


def packaged_show() -> Recording:
    (path,) = packaged()
    return read(path)


def test_in_no_second_of_the_recorded_show_does_anything_contradict_its_figures() -> None:
    show = packaged_show()
    sentences, said, found = Sentences(show.environment), set(), []
    for second in range(int(show.length_s) + 1):
        view = show.view(second)
        found += contradictions(view.to_json())  # as it was told then
        chosen = sentences.choose(view)
        said.add(chosen.state)
        phase = replace(view.phase, sentence=chosen)
        found += walk([replace(view, phase=phase).to_json()])

    assert found == []
    assert {"expected", "holds", "not-yet", "settling"} <= said


def test_workers_are_counted_and_not_spelled() -> None:
    """As text, 9 is more than 10."""
    view = packaged_show().view(0.0)
    prefill = replace(view.pools[0], desired=10, ready=9)
    said = SentenceView("9 of 10 prefill workers ready.")
    seen = replace(
        view,
        cluster_age_s=0.4,
        pools=(prefill, *view.pools[1:]),
        phase=replace(view.phase, sentence=said),
    ).to_json()

    assert contradictions(seen) == []
    seen["phase"]["sentence"]["text"] = "10 of 10 prefill workers ready."
    seen["pools"][0]["ready"] = 10
    assert contradictions(seen)
