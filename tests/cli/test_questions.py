import io
import sys
from collections.abc import Callable

import pytest

from agentos.cli.questions import Questions, on_terminal
from agentos.core.errors import UsageError

Typed = Callable[[bytes], Questions]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Questions whose answers are typed already."""

    def answers(text: bytes) -> Questions:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        return Questions()

    return answers


def number(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{text} is no number", "digits only")
    return int(text)


def test_an_answer_is_read_and_a_wrong_one_asked_for_again(
    typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(b"x\x1b[2J\n 12 \n").ask("How many?", "7", number) == 12
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("How many? [7]: ") == 2
    assert "  x\\x1b[2J is no number: digits only\n" in err


@pytest.mark.parametrize("text", [b"\n", b"", b"  \n"])
def test_enter_and_the_end_of_input_take_the_default(typed: Typed, text: bytes) -> None:
    assert typed(text).ask("How many?", "7", number) == 7
    assert typed(text).confirm("Sure?", default=True)
    assert not typed(text).confirm("Sure?", default=False)


def test_after_the_end_of_input_nothing_is_asked(
    typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = typed(b"3")  # and no Enter
    assert questions.ask("How many?", "7", number) == 3
    assert questions.ask("And now?", "7", number) == 7
    assert capsys.readouterr().err == "How many? [7]: \n"


def test_a_default_that_is_refused_is_not_asked_for_ever(typed: Typed) -> None:
    with pytest.raises(UsageError, match="seven is no number"):
        typed(b"x\n").ask("How many?", "seven", number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"y\n", True), (b"YES\n", True), (b"n\n", False), (b"what\nNo\n", False)],
)
def test_yes_and_no(typed: Typed, text: bytes, expected: bool) -> None:
    assert typed(text).confirm("Sure?", default=not expected) is expected


def test_bytes_that_are_no_text_are_an_answer_like_any_other(typed: Typed) -> None:
    assert typed(b"\xff\n").ask("What?", "a", str) == "\ufffd"


def test_without_stdin_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not on_terminal()
