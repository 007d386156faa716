import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.backlog.briefs import find_briefs, has_briefs
from agentos.core.errors import BacklogError, UnsafePathError
from agentos.core.identifiers import MAX_IDENTIFIER_LENGTH, slugify
from agentos.core.items import Kind
from agentos.publishing.issues import move_brief_to_done


def write(project: Path, *names: str) -> None:
    for name in names:
        path = project / "ideas" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# Idea\n")


def ids(project: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    return {
        str(entry.item.source.relative_to(project / "ideas")): entry.item.id
        for entry in find_briefs(project, known).entries
    }


def test_a_brief_is_called_by_the_slug_of_its_file_name(tmp_path: Path) -> None:
    write(tmp_path, "active/Dark Mode (v2).md", "done/old.md", "active/x.new.md", "active/.y.md")
    (tmp_path / "ideas" / "active" / "offline-sync.md").write_text("no head")
    backlog = find_briefs(tmp_path)
    assert backlog.kind is Kind.ISSUE
    assert [(entry.item.label, entry.item.title, entry.is_open) for entry in backlog.entries] == [
        ("ISSUE-dark-mode-v2", "Idea", True),
        ("ISSUE-offline-sync", "Offline sync", True),
        ("ISSUE-old", "Idea", False),
    ]


def test_a_closed_brief_is_not_open(tmp_path: Path) -> None:
    write(tmp_path, "active/a.md")
    (tmp_path / "ideas/active/a.md").write_text("---\nstate: done\n---\n")
    assert [entry.is_open for entry in find_briefs(tmp_path).entries] == [False]


def test_clashing_names_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "active/Dark Mode.md", "active/dark-mode.md", "active/dark_mode.md")
    assert ids(tmp_path) == {
        "active/Dark Mode.md": "dark-mode",
        "active/dark-mode.md": "dark-mode-2",
        "active/dark_mode.md": "dark-mode-3",
    }


def test_a_new_brief_does_not_take_the_id_of_a_done_one(tmp_path: Path) -> None:
    write(tmp_path, "active/Dark Mode.md", "active/dark-mode.md", "done/dark-mode.md")
    assert ids(tmp_path) == {
        "done/dark-mode.md": "dark-mode",
        "active/Dark Mode.md": "dark-mode-2",
        "active/dark-mode.md": "dark-mode-3",
    }


def test_no_new_brief_takes_the_id_of_one_that_waits(tmp_path: Path) -> None:
    write(tmp_path, "active/Dark Mode.md", "active/dark-mode.md", "active/dark_mode.md")
    known = {"dark-mode": "dark_mode.md", "dark-mode-2": "gone.md", "../x": "dark-mode.md"}
    assert ids(tmp_path, known) == {
        "active/dark_mode.md": "dark-mode",
        "active/dark-mode.md": "x",
        "active/Dark Mode.md": "dark-mode-2",
    }
    write(tmp_path, "done/dark-mode.md")
    assert ids(tmp_path, {"dark-mode": "dark_mode.md", "dark-mode-2": "dark_mode.md"}) == {
        "done/dark-mode.md": "dark-mode",
        "active/dark_mode.md": "dark-mode-2",
        "active/Dark Mode.md": "dark-mode-3",
        "active/dark-mode.md": "dark-mode-4",
    }


def test_a_counted_id_is_not_longer_than_ids_may_be(tmp_path: Path) -> None:
    stem = "a" * (MAX_IDENTIFIER_LENGTH - 3) + "-bc"
    write(tmp_path, f"active/{stem}.md", f"active/{stem}d.md")
    lengths = [len(name) for name in ids(tmp_path).values()]
    assert len(set(ids(tmp_path).values())) == 2
    assert max(lengths) <= MAX_IDENTIFIER_LENGTH
    assert all(slugify(name) == name for name in ids(tmp_path).values())


stems = st.sampled_from(["a b", "a-b", "a-b-2", "a-b-3", "a--b", "a_b", "c", "?", "item"])


@given(active=st.sets(stems), done=st.sets(stems), data=st.data())
@settings(max_examples=20, deadline=None)
def test_ids_are_unique_and_stay_when_briefs_are_moved(
    active: set[str], done: set[str], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "ideas" / "active").mkdir(parents=True)
        write(project, *(f"active/{stem}.md" for stem in active))
        for stem in done:  # as the program leaves them: one after the other
            write(project, f"active/done {stem}.md")
            move_brief_to_done(project, project / f"ideas/active/done {stem}.md", f"{stem}")
        before = ids(project)
        assert len(set(before.values())) == len(before)
        moves = [name for name in before if name.startswith("active")]
        for name in data.draw(st.permutations(moves)):
            moved = move_brief_to_done(project, project / "ideas" / name, before[name])
            before[str(moved.relative_to(project / "ideas"))] = before.pop(name)
            assert ids(project) == before


def test_either_folder_is_enough(tmp_path: Path) -> None:
    write(tmp_path, "done/a.md")
    assert ids(tmp_path) == {"done/a.md": "a"}


def test_no_folder_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(BacklogError, match="There is no folder") as caught:
        find_briefs(tmp_path)
    assert "ideas/active/" in caught.value.hint


def test_a_brief_beside_the_folder_for_briefs_is_left_out_and_said(tmp_path: Path) -> None:
    write(tmp_path, "active/a.md", "Dark mode.md", "README.md", "notes.txt")
    backlog = find_briefs(tmp_path)
    assert [entry.item.id for entry in backlog.entries] == ["a"]
    (notice,) = backlog.notices
    assert notice.startswith("ideas/Dark mode.md is left out, as a brief is a file in ideas/active")
    assert notice.endswith("mkdir -p ideas/active && mv -n 'ideas/Dark mode.md' ideas/active")


@pytest.mark.parametrize(
    ("names", "moved"),
    [
        (["b.md", "a.md"], "mv -n ideas/a.md ideas/b.md ideas/active"),
        (
            ["b.markdown", "a.md"],
            "mv -n ideas/a.md ideas/active && mv -n ideas/b.markdown ideas/active/b.md",
        ),
    ],
)
def test_briefs_in_the_wrong_folder_are_said_with_the_way_out(
    tmp_path: Path, names: list[str], moved: str
) -> None:
    write(tmp_path, *names)
    assert has_briefs(tmp_path)
    with pytest.raises(BacklogError, match=r"There is no folder .*ideas/active, and") as caught:
        find_briefs(tmp_path)
    assert caught.value.hint.endswith(f"mkdir -p ideas/active && {moved}")


def test_a_folder_for_ideas_of_another_kind_is_no_backlog(tmp_path: Path) -> None:
    (tmp_path / "ideas").mkdir()
    (tmp_path / "ideas/sketch.png").touch()
    assert not has_briefs(tmp_path)
    (tmp_path / "ideas/active").mkdir()
    assert has_briefs(tmp_path)


@pytest.mark.parametrize("link", ["ideas", "ideas/active", "ideas/done"])
def test_a_folder_that_is_a_symlink_is_refused(tmp_path: Path, link: str) -> None:
    project = tmp_path / "project"
    (tmp_path / "elsewhere").mkdir()
    (project / link).parent.mkdir(parents=True)
    (project / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError, match="symlink"):
        find_briefs(project)


def test_a_brief_that_is_a_symlink_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "active/a.md")
    (tmp_path / "ideas/active/b.md").symlink_to("a.md")
    backlog = find_briefs(tmp_path)
    assert [entry.item.id for entry in backlog.entries] == ["a"]
    assert backlog.notices == ("ideas/active/b.md is left out: it is a symlink",)


def test_the_way_out_brings_each_brief_and_loses_none(tmp_path: Path) -> None:
    names = [f"{number:02}.md" for number in range(30)] + ["README.md", "x.markdown", "-n it's.md"]
    write(tmp_path, *names, "active/07.md")
    (tmp_path / "ideas/active/07.md").write_text("another")
    for _ in range(2):  # the command names so many at a time
        hint = find_briefs(tmp_path).notices[-1].partition("type, in the project: ")[2]
        subprocess.run(hint, shell=True, cwd=tmp_path, check=True)
    assert len(find_briefs(tmp_path).entries) == 32
    assert (tmp_path / "ideas/active/07.md").read_text() == "another"
    assert {path.name for path in tmp_path.glob("ideas/*.*")} == {"07.md", "README.md"}
