import pytest

from gtc_spec import foreign_json


def test_what_is_json_is_read_from_text_and_bytes():
    for text in ('{"a": [1, "\\ud83d\\ude42"]}', b'{"a": [1, "\\ud83d\\ude42"]}'):
        assert foreign_json.read(text) == {"a": [1, "🙂"]}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"a":' * 100_000, b"\xff", b'"\\ud800"', '["\\uDC00"]', "9" * 5000],
)
def test_whatever_is_wrong_is_one_kind_of_error(text):
    with pytest.raises(ValueError):
        foreign_json.read(text)
