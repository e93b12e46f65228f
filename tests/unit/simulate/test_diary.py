"""What buyers write down can be read, and half a line is known for one."""

from __future__ import annotations

import io

import pytest

from ticketctl.simulate.diary import Answered, Diary, Outcome, Request, Said, Trying, Word, read_word

REQUEST = Request("hold-1", "anna", (3, 4), 2)
WORDS: list[Word] = [
    Trying(REQUEST),
    Answered("hold", Outcome("refused", (4,)), REQUEST, 1.25, 1.5),
    Answered("best", Outcome("failed", (), 'MySQL says "no"\n'), Request("hold-2", "bert", (), 4), 2.0, 2.125),
    Said("done"),
]


def test_every_word_is_a_line_and_is_read_as_it_was_meant() -> None:
    stream = io.StringIO()
    diary = Diary(stream)
    for word in WORDS:
        diary.write(word)
    assert [read_word(line) for line in stream.getvalue().splitlines()] == WORDS


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_half_a_line_is_no_word(word: Word) -> None:
    stream = io.StringIO()
    Diary(stream).write(word)
    line = stream.getvalue()
    for end in range(1, len(line) - 1):
        with pytest.raises(ValueError, match=r"."):
            read_word(line[:end])


@pytest.mark.parametrize("line", ["[]", "[1]", '["x", 1]', '{"a": 1}', "null", '["a", 1, 2, 3, 4, 5]'])
def test_other_lines_are_no_words(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_word(line)
