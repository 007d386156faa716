import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.documents.substance import unwrapped, why_no_answer

DOCUMENT = "# A design\n\nIt has a sentence, and then another one."


class TestUnwrapped:
    @pytest.mark.parametrize("text", [DOCUMENT, f"\n\n{DOCUMENT}\n", f"\t{DOCUMENT}  "])
    def test_a_document_is_as_it_is_without_white_space_around_it(self, text: str) -> None:
        assert unwrapped(text) == DOCUMENT

    @pytest.mark.parametrize(
        ("opening", "closing"),
        [("```", "```"), ("```markdown", "```"), ("```md", "```"), ("````markdown", "````")],
    )
    def test_a_fence_around_the_whole_is_removed(self, opening: str, closing: str) -> None:
        assert unwrapped(f"{opening}\n{DOCUMENT}\n{closing}") == DOCUMENT
        assert unwrapped(f"\n{opening}\n\n{DOCUMENT}\n\n{closing}\n") == DOCUMENT

    @pytest.mark.parametrize(
        "text",
        [
            "```python\nprint()\n```",
            f"```\n{DOCUMENT}",
            f"{DOCUMENT}\n```",
            f"Here it is:\n```markdown\n{DOCUMENT}\n```",
            f"```markdown\n{DOCUMENT}\n```\nI hope that helps.",
            f"````markdown\n{DOCUMENT}\n```",
            "```\nfirst\n```\nand\n```\nsecond\n```",
            "```markdown\nfirst\n```\nand\n```markdown\nsecond\n```",
            "```markdown\nfirst\n```\nand\n```python\nsecond\n```",
            f"```markdown\n{DOCUMENT}\n\n```python\nprint()\n```",
            f"```\n{DOCUMENT}\n\n```python\nprint()\n```\n\nThe end.\n```",
        ],
    )
    def test_another_fence_is_part_of_the_document(self, text: str) -> None:
        assert unwrapped(text) == text

    @pytest.mark.parametrize("language", ["markdown", "md"])
    @pytest.mark.parametrize("blocks", [1, 2])
    def test_a_fence_that_is_no_longer_than_those_within_is_removed_all_the_same(
        self, language: str, blocks: int
    ) -> None:
        inner = DOCUMENT + "\n\n```python\nprint()\n```" * blocks + "\n\nThe end."
        assert unwrapped(f"```{language}\n{inner}\n```") == inner

    def test_a_later_block_within_needs_no_language(self) -> None:
        inner = f"{DOCUMENT}\n\n```python\nprint()\n```\n\n```\nplain\n```"
        assert unwrapped(f"```markdown\n{inner}\n```") == inner

    @pytest.mark.parametrize("opening", ["", "```\n", "```markdown\n"])
    def test_lines_end_as_everywhere(self, opening: str) -> None:
        closing = "\n```" if opening else ""
        text = f"{opening}{DOCUMENT}\n\nThe end.{closing}\n"
        assert unwrapped(text.replace("\n", "\r\n")) == f"{DOCUMENT}\n\nThe end."

    def test_a_longer_fence_holds_a_shorter_one(self) -> None:
        inner = f"{DOCUMENT}\n\n```python\nprint()\n```"
        assert unwrapped(f"````\n{inner}\n````") == inner

    @pytest.mark.parametrize(
        ("text", "clean"),
        [("a\ud800b", "a\ufffdb"), ("\udcff", "\ufffd"), ("Größe \U0001f511", "Größe \U0001f511")],
    )
    def test_what_utf8_cannot_write_is_replaced(self, text: str, clean: str) -> None:
        assert unwrapped(text) == clean

    @given(st.text(st.characters()))
    def test_every_result_can_be_written_and_is_a_fixed_point_of_stripping(self, text: str) -> None:
        result = unwrapped(text)
        assert result.encode("utf-8").decode("utf-8") == result
        assert result == result.strip()


class TestWhyNoAnswer:
    @pytest.mark.parametrize("may_be_short", [True, False])
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "the answer is empty"),
            (" \n\t ", "the answer is empty"),
            ("<!DOCTYPE html><html>" + DOCUMENT, "the answer is a page of markup"),
            ("\n <html lang='en'>" + DOCUMENT, "the answer is a page of markup"),
            ("<HTML>" + DOCUMENT, "the answer is a page of markup"),
            ("<?xml version='1.0'?><Error>" + DOCUMENT, "the answer is a page of markup"),
            (DOCUMENT, ""),
            (DOCUMENT + "<html>", ""),
            ("<htmlish> is a word that this design is about", ""),
        ],
    )
    def test_what_cannot_be_an_answer(self, text: str, why: str, may_be_short: bool) -> None:
        assert why_no_answer(text, may_be_short=may_be_short) == why

    @pytest.mark.parametrize("text", ["ACK", "OK, done.", "502 Bad Gateway", "x" * 39])
    def test_what_is_shorter_than_any_document_is_none_but_may_be_a_review(self, text: str) -> None:
        why = f"the answer is no document, only {len(text)} characters"
        assert why_no_answer(text, may_be_short=False) == why
        assert why_no_answer(text, may_be_short=True) == ""

    def test_the_shortest_document(self) -> None:
        assert why_no_answer("x" * 40, may_be_short=False) == ""
