import errno
import os
from pathlib import Path

import pytest

from agentos.core.files import create_file


def no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_is_made_once_and_nothing_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool
) -> None:
    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a.md"
    create_file(path, b"first", mode=0o640)
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(FileExistsError):
        create_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_that_comes_in_between_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.md"
    link = os.link

    def late(source: Path, target: Path) -> None:
        path.write_bytes(b"somebody else's")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(FileExistsError):
        create_file(path, b"ours")
    assert path.read_bytes() == b"somebody else's"
    assert [*tmp_path.iterdir()] == [path]
