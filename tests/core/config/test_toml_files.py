import json
import os
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from agentos.core.config.toml_files import parse_toml, read_config_file
from agentos.core.errors import ConfigError

KEY = "sk-ant-api03-Zm9vYmFy"


def unreadable(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_config_file(path)
    return str(caught.value)


def invalid(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_toml(data, "agentos.toml")
    assert KEY not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    return str(caught.value)


def test_numbers_with_a_point_are_exact() -> None:
    data = parse_toml(b"a = 0.1\nb = 1e3\nc = 7\nd = 0.30000000000000000001", "x")
    assert data == {
        "a": Decimal("0.1"),
        "b": Decimal(1000),
        "c": 7,
        "d": Decimal("0.30000000000000000001"),
    }
    assert isinstance(data["c"], int)


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert parse_toml(b"\xef\xbb\xbfdrafter = 'embedded'\r\n", "x") == {"drafter": "embedded"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (f"a = 1\nkey = {KEY}".encode(), "agentos.toml is not valid TOML at line 2, column 7"),
        (f"'{KEY}".encode(), "agentos.toml is not valid TOML at its end"),
        (f"a = '{KEY}'\na = 1\n".encode(), "agentos.toml is not valid TOML at line 2"),
        (b"\xff\xfe" + KEY.encode("utf-16-le"), "agentos.toml is not UTF-8"),
        (b"a = " + b"[" * 100_000, "agentos.toml is nested too deeply"),
        (b"a = " + b"{a = " * 100_000, "agentos.toml is nested too deeply"),
        (b"a = " + b"9" * 5000, "agentos.toml holds a number of too many digits"),
        (b"a = 1e" + b"9" * 30, "agentos.toml holds a number of too many digits"),
        (b"a = 2026-13-45", "agentos.toml is not valid TOML at line 1"),
        (b"a = '\0'", "agentos.toml is not valid TOML at line 1"),
    ],
)
def test_what_is_no_toml_is_told_by_its_place_alone(data: bytes, said: str) -> None:
    assert said in invalid(data)


def test_a_file_is_read_with_who_may_open_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"a = 1")
    for mode, is_private in [(0o600, True), (0o400, True), (0o640, False), (0o604, False)]:
        path.chmod(mode)
        assert read_config_file(path) == (b"a = 1", is_private)


@pytest.mark.parametrize("name", ["gone.toml", "gone/config.toml", "file/config.toml"])
def test_no_file_is_no_content(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    assert read_config_file(tmp_path / name) == (None, True)


def test_what_is_no_file_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.mkdir()
    assert unreadable(path) == f"{path} cannot be read: Is a directory"
    path.rmdir()
    os.mkfifo(path)
    assert unreadable(path) == f"{path} is not a file"
    path.unlink()
    path.symlink_to("/dev/zero")
    assert unreadable(path) == f"{path} is not a file"
    path.unlink()
    path.symlink_to(path)
    assert "cannot be read: Too many levels of symbolic links" in unreadable(path)


def test_a_socket_in_its_place_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("config.toml")
        assert "config.toml cannot be read: " in unreadable(Path("config.toml"))


def test_a_file_larger_than_any_config_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * 1_000_000)
    assert read_config_file(path)[0] == path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(10**12)  # sparse
    assert "is larger than any config" in unreadable(path)


_AS_NOBODY = """
import json, os
from pathlib import Path
from agentos.core.config.toml_files import read_config_file
from agentos.core.errors import ConfigError
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
told = [read_config_file(Path("open.toml"))[0].decode()]
for name in ("closed.toml", "closed/config.toml"):
    try:
        read_config_file(Path(name))
    except ConfigError as error:
        told.append(str(error))
os.write(1, json.dumps(told).encode())
"""


def test_a_file_that_the_user_may_not_read_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name, mode in (("open.toml", 0o644), ("closed.toml", 0o000)):
        (tmp_path / name).write_text("a = 1")
        (tmp_path / name).chmod(mode)
    (tmp_path / "closed").mkdir(mode=0o000)
    # Relative names: the folders above are closed to anybody else. The environment is empty, as
    # nobody could write down what of this was covered.
    ended = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY],
        cwd=tmp_path,
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    (tmp_path / "closed").chmod(0o700)
    assert json.loads(ended.stdout or b"null") == [
        "a = 1",
        "closed.toml cannot be read: Permission denied",
        "closed/config.toml cannot be read: Permission denied",
    ], ended.stderr.decode()
