import pytest

from agentos.documents.checklist import split_done, without_ticked_lines
from agentos.documents.markdown import blocks
from agentos.documents.rendering import render_blocks


@pytest.mark.parametrize(
    ("entries", "still_open", "done"),
    [
        ("- [ ] a\n- b\n- [x] c", "- [ ] a\n- b", "- [x] c"),
        ("- [x] a\n  - part\n- b", "- b", "- [x] a\n  - part"),
        ("- [x] Guide:\n  - [ ] one\n  - [X] two", "- [ ] Guide: one", "- [x] Guide:\n  - [X] two"),
        ("- [ ] Guide\n  - [x] one\n    - part", "- [ ] Guide", "- [x] Guide: one\n  - part"),
        ("- [ ] a\n  - [x] b\n    - [ ] c", "- [ ] a\n  - [ ] b: c", "- [x] a: b"),
        ("text\n\n- [x] a\n\n- b", "text\n\n- b", "- [x] a"),
        ("1. [x] a\n2. b", "2. b", "1. [x] a"),
        ("- [x](https://example.org) a", "- [x](https://example.org) a", ""),
    ],
)
def test_what_is_ticked_off_is_parted_from_the_rest(
    entries: str, still_open: str, done: str
) -> None:
    assert tuple(map(render_blocks, split_done(blocks(entries)))) == (still_open, done)


def test_lines_that_are_ticked_are_taken_out_of_a_text() -> None:
    text = "a [x] b\n- [x] c\n  1) [X] d\n- [ ] e\n* [x](f)\n"
    assert without_ticked_lines(text) == "a [x] b\n\n\n- [ ] e\n* [x](f)\n"
