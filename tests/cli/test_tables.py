import os
import pty
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agentos.cli.tables import render_table


def test_columns_are_aligned_and_lines_have_no_trailing_space() -> None:
    assert render_table([("LLD-7", "new", "A"), ("LLD-128", "skipped", "")], 80).splitlines() == [
        "LLD-7    new      A",
        "LLD-128  skipped",
    ]


def test_the_widest_column_gives_way() -> None:
    rows = [("LLD-7", "resume after step review-1", "x" * 90)]
    assert render_table(rows, 60) == "LLD-7  resume after step review-1  " + "x" * 24 + "…"


def test_no_rows_are_no_text() -> None:
    assert render_table([], 80) == ""


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=120)), max_size=5),
    st.integers(min_value=10, max_value=90),
)
def test_no_line_is_wider_than_asked_for(rows: list[tuple[str, str]], width: int) -> None:
    lines = render_table(rows, width).splitlines()
    assert len(lines) <= len(rows)
    assert all(cell_len(line) <= width for line in lines)


def test_a_pipe_has_room_and_a_terminal_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("a", "b" * 190)]
    assert render_table(rows).endswith("b" * 190)
    main, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stdout, os.fdopen(main, "rb"):
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(os, "get_terminal_size", lambda _fd: os.terminal_size((40, 24)))
        assert render_table(rows) == "a  " + "b" * 36 + "…"
        monkeypatch.setattr(sys, "stdout", None)
        assert render_table(rows).endswith("b" * 190)
