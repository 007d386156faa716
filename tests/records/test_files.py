import json
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentos.core.files import replace_file
from agentos.records.files import FILE_MODE, append_line, json_line, write_json


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """A disk that is full from `size` bytes on: a write is cut short, the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_line_is_one_line_of_ascii() -> None:
    line = json_line({"text": "a\nb\x1b[31m\u2028 é \ud800"})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert b"\x1b" not in line
    assert json.loads(line)["text"] == "a\nb\x1b[31m\u2028 é \ud800"


def test_lines_are_appended_to_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_line(path, b"one\n")
    append_line(path, b"two\n", durable=True)
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="link"):
        append_line(tmp_path / "link", b"one\n")
    assert (tmp_path / "target").read_bytes() == b""


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_line(path, b"a whole line\n")
    with file_size_limit(20), pytest.raises(OSError, match="too large"):
        append_line(path, b"another whole line\n")
    assert path.read_bytes() == b"a whole line\n"
    append_line(path, b"next\n")
    assert path.read_bytes() == b"a whole line\nnext\n"


def test_a_torn_line_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntw")
    append_line(path, b"three\n")
    append_line(path, b"four\n")
    assert path.read_bytes() == b"one\ntw\nthree\nfour\n"


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_as_a_whole(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old", mode=FILE_MODE, durable=durable)
    with file_size_limit(5), pytest.raises(OSError, match="too large"):
        replace_file(path, b"new and longer", mode=FILE_MODE, durable=durable)
    assert path.read_bytes() == b"old"
    replace_file(path, b"new", mode=FILE_MODE, durable=durable)
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_json_takes_paths(tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"project": Path("/here")})
    assert json.loads((tmp_path / "file").read_bytes()) == {"project": "/here"}
