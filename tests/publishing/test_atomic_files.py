import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentos.core import files as core_files
from agentos.core.errors import ItemError, UnsafePathError
from agentos.publishing import files
from agentos.publishing.files import write_atomic


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that also an unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="agentos-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def unprivileged() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "lld" / "active" / "LLD-042.md"
    for content in (b"first", b"second", b""):
        write_atomic(path, content, root=tmp_path)
        assert path.read_bytes() == content
    assert tree(tmp_path) == [
        "docs",
        "docs/lld",
        "docs/lld/active",
        "docs/lld/active/LLD-042.md",
    ]


def test_every_name_is_on_disk_before_the_write_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    for room in (files, core_files):
        monkeypatch.setattr(room, "sync_folder", synced.append)
    write_atomic(tmp_path / "docs" / "lld" / "x.md", b"x", root=tmp_path)
    assert synced == [tmp_path, tmp_path / "docs", tmp_path / "docs" / "lld"]


def test_a_killed_writer_leaves_the_old_file_and_one_hidden_one(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "x.md"
    write_atomic(path, b"old", root=tmp_path)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from agentos.publishing.files import write_atomic\n"
        "Path.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "write_atomic(Path(sys.argv[1]), b'new', root=Path(sys.argv[2]))"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code, str(path), str(tmp_path)], check=False)
        assert done.returncode == -9
        assert path.read_bytes() == b"old"
        assert tree(tmp_path / "docs") == [".x.md.tmp", "x.md"]
    write_atomic(path, b"newer", root=tmp_path)
    assert path.read_bytes() == b"newer"
    assert tree(tmp_path / "docs") == ["x.md"]


def test_a_full_disk_leaves_the_old_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.md"
    write_atomic(path, b"old", root=tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ItemError, match=r"x\.md cannot be written: No space left") as caught:
        write_atomic(path, b"new", root=tmp_path)
    assert "disk" in caught.value.hint
    assert tree(tmp_path) == ["x.md"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("link", ["docs", "docs/lld", "docs/lld/x.md"])
def test_a_symlink_on_the_way_is_refused(tmp_path: Path, link: str) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / link).parent.mkdir(parents=True)
    (project / link).symlink_to(elsewhere)
    with pytest.raises(UnsafePathError, match="symlink"):
        write_atomic(project / "docs" / "lld" / "x.md", b"x", root=project)
    assert tree(elsewhere) == []


def test_a_symlink_in_place_of_the_hidden_file_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".x.md.tmp").symlink_to(outside)
    write_atomic(project / "x.md", b"x", root=project)
    assert outside.read_text() == "mine"
    assert tree(project) == ["x.md"]


@pytest.mark.parametrize("path", ["/etc/x.md", "docs/../../x.md"])
def test_a_path_outside_is_refused(tmp_path: Path, path: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    with pytest.raises(UnsafePathError, match="outside"):
        write_atomic(project / path, b"x", root=project)
    assert tree(tmp_path) == ["project"]


def test_a_file_in_place_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "docs").touch()
    with pytest.raises(ItemError, match=r"docs/lld/x\.md cannot be written"):
        write_atomic(tmp_path / "docs" / "lld" / "x.md", b"x", root=tmp_path)


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_folder_that_may_not_be_written_is_said(open_to_all: Path, mode: int) -> None:
    folder = open_to_all / "docs"
    folder.mkdir(mode=mode)
    folder.chmod(mode)
    with unprivileged(), pytest.raises(ItemError, match="cannot be written: Permission denied"):
        write_atomic(folder / "x.md", b"x", root=open_to_all)
    with unprivileged(), pytest.raises(ItemError, match="cannot be written: Permission denied"):
        write_atomic(folder / "lld" / "x.md", b"x", root=open_to_all)
    folder.chmod(0o755)
    assert tree(open_to_all) == ["docs"]
