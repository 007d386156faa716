"""The settings of a library, from a TOML file that may be absent."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelf.errors import ConfigError

DEFAULT_LOAN_DAYS = 28
DEFAULT_MAX_LOANS = 5


@dataclass(frozen=True, slots=True)
class Settings:
    database: Path
    loan_days: int = DEFAULT_LOAN_DAYS
    max_loans: int = DEFAULT_MAX_LOANS


def load(path: Path | None, environ: Mapping[str, str], home: Path) -> Settings:
    """Read the file that the user named, else that of SHELF_CONFIG, else the usual one.

    A file that somebody named has to be there; the usual one need not.
    """
    named = path or (Path(environ["SHELF_CONFIG"]) if environ.get("SHELF_CONFIG") else None)
    source = named or home / ".config" / "shelf" / "config.toml"
    if named is None and not source.exists():
        values: dict[str, Any] = {}
    else:
        values = _read(source)
    return Settings(
        database=_database(values, source, home),
        loan_days=_positive(values, "loan_days", DEFAULT_LOAN_DAYS, source),
        max_loans=_positive(values, "max_loans", DEFAULT_MAX_LOANS, source),
    )


def _read(source: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {source}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source} is not valid TOML: {error}") from error


def _database(values: Mapping[str, Any], source: Path, home: Path) -> Path:
    value = values.get("database")
    if value is None:
        return home / ".local" / "share" / "shelf" / "shelf.db"
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{source}: database has to be a path in quotes")
    if value.startswith("~/"):
        return home / value[2:]
    return source.parent / value  # an absolute value stays what it is


def _positive(values: Mapping[str, Any], key: str, default: int, source: Path) -> int:
    value = values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{source}: {key} has to be a whole number of at least 1")
    return value
