"""The search for secrets can find what it looks for, and tells of it without the secret."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from secret_search import SecretSearch

KEY = "sk-Qz8v/Lw3+XyT7pNb2KfR9dHs4GjM6c=="
SEARCH = SecretSearch({"team": KEY})


@pytest.mark.parametrize(
    "planted",
    [
        KEY,
        KEY[9:17],
        KEY[-8:],
        KEY.lower(),
        KEY[5:20].upper(),
        json.dumps(KEY).replace("/", "\\/"),
        quote(KEY, safe=""),
        KEY.encode().hex(),
        *(base64.b64encode(b"x" * n + KEY.encode() + b"yy").decode() for n in range(4)),
        base64.urlsafe_b64encode(f"Bearer {KEY}".encode()).decode(),
    ],
)
def test_every_spelling_and_part_is_found(tmp_path: Path, planted: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\0\xff before " + planted.encode() + b" after")
    found = SEARCH.look_at(file)
    assert {find.secret for find in found} == {"team"}
    assert {find.place for find in found} == {str(file)}
    assert planted not in repr(found)


@pytest.mark.parametrize("text", ["", KEY[:7], f"{KEY[:7]} {KEY[7:14]}", "an innocent text"])
def test_what_is_too_short_to_tell_is_not(text: str) -> None:
    assert SEARCH.look_into(text.encode(), "here") == set()


def test_a_secret_in_a_files_name_is_found_and_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / KEY.replace("/", "")[4:20]
    file.touch()
    found = SEARCH.look_at(file)
    assert found
    assert file.name not in repr(found)
