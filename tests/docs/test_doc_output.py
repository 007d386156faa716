"""What the blocks' tests take for the same: were it too much, no page could be wrong."""

import pytest
from doc_output import matches, reached

SHOWN = "first 1.2 s\n\nsecond\nthird   \n"


@pytest.mark.parametrize(
    "expected",
    [
        ["first 1.2 s", "", "second", "third"],
        ["first ... s", "", "second", "third"],
        ["...", "third"],
        ["first ... s", "..."],
        ["..."],
        ["...", "first 1.2 s", "...", "second", "...", "third", "..."],
    ],
)
def test_what_may_differ_matches(expected: list[str]) -> None:
    assert matches(expected, SHOWN)


@pytest.mark.parametrize(
    "expected",
    [
        ["first 1.2 s", "second", "third"],
        ["first ... m", "..."],
        ["...", "second"],
        ["second", "..."],
        ["first...third"],
        ["...", "third", "...", "second", "..."],
        [],
    ],
)
def test_anything_else_does_not(expected: list[str]) -> None:
    assert not matches(expected, SHOWN)


def test_nothing_is_shown_where_nothing_is_expected() -> None:
    assert matches([], "")
    assert matches(["..."], "\n")


def test_the_echo_of_ctrl_c_may_stand_anywhere() -> None:
    expected = ["first", "...", "^Cstopping", "done"]
    assert matches(expected, "first\n^Cstopping\ndone\n")
    assert matches(expected, "first\n^Csecond\nstopping\ndone\n")
    assert not matches(expected, "first\n^Csecond\ndone\n")


def test_lines_are_reached_whatever_follows() -> None:
    assert reached(["...", "second"], SHOWN)
    assert not reached(["...", "second"], "first\nsecon")
    assert reached([], "")
