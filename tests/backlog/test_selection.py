from pathlib import Path

import pytest

from agentos.backlog.entries import Backlog, BacklogEntry
from agentos.backlog.selection import select
from agentos.core.errors import BacklogError
from agentos.core.items import Item, Kind


def backlog(kind: Kind, *ids: str) -> Backlog:
    """An id with a `!` behind it is closed."""
    return Backlog(
        kind,
        tuple(
            BacklogEntry(Item(kind, name.rstrip("!"), "T", Path("x.md")), not name.endswith("!"))
            for name in ids
        ),
    )


ISSUES = backlog(Kind.LLD, "0", "7", "42", "43!")
BRIEFS = backlog(Kind.ISSUE, "dark-mode", "issue-list", "old!")


def test_all_means_the_open_ones() -> None:
    assert [item.id for item in select(ISSUES, [], take_all=True)] == ["0", "7", "42"]


def test_all_takes_closed_ones_that_are_unfinished() -> None:
    chosen = select(BRIEFS, [], take_all=True, also={"old", "gone"})
    assert [item.id for item in chosen] == ["dark-mode", "issue-list", "old"]


def test_named_ones_come_as_typed_once_and_need_not_be_open() -> None:
    chosen = select(ISSUES, ["43", "042", "LLD-42", "lld-0042", "42"], take_all=False)
    assert [item.id for item in chosen] == ["43", "42"]


def test_named_ones_come_after_all() -> None:
    chosen = select(ISSUES, ["43", "7"], take_all=True)
    assert [item.id for item in chosen] == ["0", "7", "42", "43"]


@pytest.mark.parametrize("typed", ["0", "000", "LLD-0"])
def test_zero_is_a_number(typed: str) -> None:
    assert [item.id for item in select(ISSUES, [typed], take_all=False)] == ["0"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dark-mode", "dark-mode"),
        ("ISSUE-dark-mode", "dark-mode"),
        ("Dark_Mode", "dark-mode"),
        ("issue-list", "issue-list"),
        ("ISSUE-issue-list", "issue-list"),
        ("old", "old"),
    ],
)
def test_a_brief_is_named_by_id_label_or_file_name(typed: str, meant: str) -> None:
    assert [item.id for item in select(BRIEFS, [typed], take_all=False)] == [meant]


@pytest.mark.parametrize(
    ("known", "typed", "sentence", "hint"),
    [
        (ISSUES, "430", "no issue 430", "did you mean 43?"),
        (ISSUES, "ISSUE-7", "no issue ISSUE-7", ""),
        (BRIEFS, "dark-mod", "no brief dark-mod", "did you mean dark-mode?"),
        (BRIEFS, "zzz", "no brief zzz", "there are dark-mode, issue-list, old"),
        (backlog(Kind.LLD, *map(str, range(1, 9))), "xyz", "xyz", "there are 1, 2, 3, 4, 5, ..."),
        (backlog(Kind.LLD), "1", "no issue 1", "the backlog is empty"),
    ],
)
def test_an_unknown_id_is_named_with_what_there_is(
    known: Backlog, typed: str, sentence: str, hint: str
) -> None:
    with pytest.raises(BacklogError, match=sentence) as caught:
        select(known, [typed], take_all=True)
    assert hint in caught.value.hint
