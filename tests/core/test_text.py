from hypothesis import given
from hypothesis import strategies as st

from agentos.core.text import well_formed


@given(st.text(st.characters(exclude_categories=())))
def test_well_formed_text_can_be_encoded(text: str) -> None:
    assert well_formed(text).encode() == well_formed(text).encode(errors="strict")
    assert text.isascii() <= (well_formed(text) == text)


def test_the_halves_of_a_character_are_joined() -> None:
    assert well_formed("\ud83d" + "\ude00") == "\U0001f600"
    assert well_formed("a\ud83db") == "a\ufffdb"
