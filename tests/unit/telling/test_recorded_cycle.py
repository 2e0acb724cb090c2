"""The packaged show, a real rehearsal second by second: nothing said contradicts its figures."""

from dataclasses import replace

from gtc_runtime.recording.folder import packaged
from gtc_runtime.recording.reader import Recording, read
from gtc_runtime.telling.sentences import Sentences
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
