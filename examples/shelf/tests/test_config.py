from pathlib import Path

import pytest

from shelf.config import Settings, load
from shelf.errors import ConfigError


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    assert load(None, {}, tmp_path) == Settings(tmp_path / ".local/share/shelf/shelf.db", 28, 5)


def test_the_named_file_wins_over_the_environment(tmp_path: Path) -> None:
    named, other = tmp_path / "named.toml", tmp_path / "other.toml"
    named.write_text('database = "books.db"\nloan_days = 14\n')
    other.write_text("loan_days = 3\n")
    environ = {"SHELF_CONFIG": str(other)}
    assert load(None, environ, tmp_path).loan_days == 3
    assert load(named, environ, tmp_path) == Settings(tmp_path / "books.db", 14, 5)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("loan_days = 0", "loan_days has to be"),
        ("max_loans = true", "max_loans has to be"),
        ("database = 7", "database has to be"),
        ("loan_days =", "not valid TOML"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load(path, {}, tmp_path)


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "missing.toml", {}, tmp_path)
