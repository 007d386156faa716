import subprocess
import sys
from pathlib import Path

import pytest

from agentos.core.errors import ItemError, UnsafePathError
from agentos.core.hashing import sha256
from agentos.publishing.documents import (
    LineageEntry,
    LineageKind,
    lineage_folder,
    lld_path,
    place,
    write_lineage,
)


@pytest.mark.parametrize(("number", "name"), [("7", "007"), ("42", "042"), ("12345", "12345")])
def test_an_lld_is_called_by_its_number(number: str, name: str) -> None:
    assert lld_path(Path("/p"), number) == Path(f"/p/docs/lld/active/LLD-{name}.md")


@pytest.fixture
def lld(tmp_path: Path) -> Path:
    path = lld_path(tmp_path, "42")
    path.parent.mkdir(parents=True)
    return path


def test_where_nothing_lies_the_document_goes(tmp_path: Path, lld: Path) -> None:
    assert place(lld, b"new", set(), root=tmp_path) == lld
    lld.parent.rmdir()
    assert place(lld, b"new", set(), root=tmp_path) == lld


def test_our_own_document_is_written_over(tmp_path: Path, lld: Path) -> None:
    lld.write_bytes(b"ours")
    assert place(lld, b"new", {"x", sha256(b"ours")}, root=tmp_path) == lld
    assert place(lld, b"ours", set(), root=tmp_path) == lld


def test_an_edited_document_stays(tmp_path: Path, lld: Path) -> None:
    lld.write_bytes(b"edited")
    beside = lld.with_name("LLD-042.new.md")
    assert place(lld, b"new", {sha256(b"ours")}, root=tmp_path) == beside
    beside.write_bytes(b"ours")
    assert place(lld, b"new", {sha256(b"ours")}, root=tmp_path) == beside
    beside.write_bytes(b"edited, too")
    second = lld.with_name("LLD-042.2.new.md")
    assert place(lld, b"new", {sha256(b"ours")}, root=tmp_path) == second
    second.write_bytes(b"and this")
    third = lld.with_name("LLD-042.3.new.md")
    assert place(lld, b"new", {sha256(b"ours")}, root=tmp_path) == third


def test_a_symlink_or_folder_in_place_of_a_document_is_refused(tmp_path: Path, lld: Path) -> None:
    lld.symlink_to("elsewhere")
    with pytest.raises(UnsafePathError):
        place(lld, b"new", set(), root=tmp_path)
    lld.unlink()
    lld.mkdir()
    with pytest.raises(ItemError, match="Is a directory"):
        place(lld, b"new", set(), root=tmp_path)


def story(*kinds: LineageKind) -> list[LineageEntry]:
    return [LineageEntry(kind, f"{number} {kind}".encode()) for number, kind in enumerate(kinds)]


ISSUE, DRAFT, VERDICT, FINAL = LineageKind
LONG = story(ISSUE, DRAFT, VERDICT, DRAFT, VERDICT, FINAL)
SHORT = story(ISSUE, DRAFT, VERDICT, FINAL)


def image(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_lineage_is_numbered_in_order_and_the_same_when_repeated(tmp_path: Path) -> None:
    write_lineage(tmp_path, "42", LONG)
    folder = tmp_path / "docs" / "lineage" / "active" / "42-lld"
    assert folder == lineage_folder(tmp_path, "42")
    first = image(folder)
    assert sorted(first) == [
        "001-issue.md",
        "002-draft.md",
        "003-verdict.md",
        "004-draft.md",
        "005-verdict.md",
        "006-final.md",
    ]
    assert first["003-verdict.md"] == b"2 verdict"
    write_lineage(tmp_path, "42", LONG)
    assert image(folder) == first


def test_another_story_leaves_nothing_of_the_first_but_keeps_what_is_not_ours(
    tmp_path: Path,
) -> None:
    write_lineage(tmp_path, "42", LONG)
    folder = lineage_folder(tmp_path, "42")
    (folder / "notes.md").write_text("mine")
    (folder / ".006-verdict.md.tmp").write_text("of a writer that was killed")
    write_lineage(tmp_path, "42", SHORT)
    assert sorted(image(folder)) == [
        "001-issue.md",
        "002-draft.md",
        "003-verdict.md",
        "004-final.md",
        "notes.md",
    ]


def test_a_lineage_without_entries_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(ItemError):
        write_lineage(tmp_path, "42", [])


def test_a_lineage_killed_anywhere_is_whole_after_a_repeat(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from agentos.publishing.documents import *\n"
        "left = iter(range(int(sys.argv[2])))\n"
        "def kill(original):\n"
        "    def call(*args, **kwargs):\n"
        "        if next(left, None) is None: os.kill(os.getpid(), 9)\n"
        "        return original(*args, **kwargs)\n"
        "    return call\n"
        "Path.replace, Path.unlink = kill(Path.replace), kill(Path.unlink)\n"
        "kinds = sys.argv[3].split()\n"
        "entries = [LineageEntry(LineageKind(k), f'{n} {k}'.encode())"
        " for n, k in enumerate(kinds)]\n"
        "write_lineage(Path(sys.argv[1]), '42', entries)"
    )
    kinds = " ".join(entry.kind for entry in SHORT)
    for calls in range(0, 12, 2):
        write_lineage(tmp_path, "42", LONG)
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), str(calls), kinds], check=False
        )
        assert done.returncode == -9
        write_lineage(tmp_path, "42", SHORT)
        assert sorted(image(lineage_folder(tmp_path, "42"))) == [
            "001-issue.md",
            "002-draft.md",
            "003-verdict.md",
            "004-final.md",
        ]


def test_a_folder_in_the_way_of_a_lineage_is_said(tmp_path: Path) -> None:
    (lineage_folder(tmp_path, "42") / "009-draft.md").mkdir(parents=True)
    with pytest.raises(ItemError, match="42-lld"):
        write_lineage(tmp_path, "42", SHORT)
    assert (lineage_folder(tmp_path, "42") / "009-draft.md").is_dir()
