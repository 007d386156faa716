"""Which settings there are, what values they take, and which of them a project is trusted with.

A setting is named by its path: `("drafter",)`, `("providers", "openai", "base_url")`.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping

from agentos.core.config.kinds import Value
from agentos.core.config.known_settings import PRICE_DATE, ROLES, SETTINGS, TABLES, KnownSetting
from agentos.core.errors import ConfigError

Path = tuple[str, ...]

CREDENTIAL = "credential"
"""The tables of a config file that are no settings; `credentials.py` reads them."""

_PRICE_DATE = ("prices", "date")
_KEY_NAMES = {"key", "api_key", "apikey", "token", "api_token", "auth_token", "secret", "password"}

# A name that could be a key, typed in its place, is not repeated.
_SURELY_NO_KEY = re.compile(r"[A-Za-z_-]{1,32}|[a-z0-9._-]{1,24}(/.{1,100})?")


def needs_trust(path: Path, value: Value) -> bool:
    """Whether a project's own config may set this only after `agentos config trust`."""
    if path[0] == "commands" or path[-1] == "base_url":
        return True
    if path[0] == "prices" and path != _PRICE_DATE:
        return True  # with a price of 0 no budget would hold
    return path in {(role,) for role in ROLES} and str(value).startswith("command/")


def checked(path: Path, value: object, subject: str) -> Value:
    """The value of a setting that there is; raises ConfigError for one of another kind.

    `subject` is what the sentence about it begins with, such as `--budget`.
    """
    kind = _known_at(path)[path[-1]].kind
    result = kind.read(value)
    if result is None:
        raise ConfigError(f"{subject} must be {kind.what}")
    return result


def settings_of(data: Mapping[str, object], where: str) -> Iterator[tuple[Path, Value]]:
    """Every setting of a config file's content; `where` is the file's name.

    Raises ConfigError for an unknown setting and for a wrong value.
    """
    for name, value in data.items():
        if name in TABLES:
            yield from _settings_of_table(name, value, where)
        elif name != CREDENTIAL:
            yield _setting((name,), value, where)


def dotted(path: Path) -> str:
    """The setting as TOML writes it: `models."anthropic/NAME".max_output_tokens`."""
    return ".".join(
        part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
        for part in path
    )


def _settings_of_table(name: str, value: object, where: str) -> Iterator[tuple[Path, Value]]:
    for group, content in _table(value, (name,), where).items():
        if (name, group) == _PRICE_DATE:
            yield _setting((name, group), content, where)
            continue
        for key, one in _table(content, (name, group), where).items():
            yield _setting((name, group, key), one, where)


def _setting(path: Path, value: object, where: str) -> tuple[Path, Value]:
    if path[-1] not in _known_at(path):
        raise ConfigError(f"{where}: there is no setting {_told(path)}", _hint(path, value))
    return path, checked(path, value, f"{where}: {_told(path)}")


def _known_at(path: Path) -> Mapping[str, KnownSetting]:
    """The settings that there are beside this one, itself among them if it is one."""
    if path == _PRICE_DATE:
        return {"date": PRICE_DATE}
    return SETTINGS if len(path) == 1 else TABLES[path[0]].settings


def _hint(path: Path, value: object) -> str:
    """What to do about an unknown setting."""
    name = path[-1].lower().replace("-", "_")
    if name in _KEY_NAMES:
        return "no file of settings holds a key; to store one type: agentos credentials add NAME"
    if len(path) > 1 and name in SETTINGS:
        return f"{name} belongs above the first [table] of the file"
    if len(path) > 1 and isinstance(value, dict):
        return f"a name that holds '/' or '.' is quoted, as in {TABLES[path[0]].heading}"
    names = [*_known_at(path), *((*TABLES, CREDENTIAL) if len(path) == 1 else ())]
    close = difflib.get_close_matches(name, names, n=1)
    return f"is {close[0]} meant?" if close else f"there are: {', '.join(names)}"


def _table(value: object, path: Path, where: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise ConfigError(
        f"{where}: {_told(path)} must be a table", f"such as {TABLES[path[0]].heading}"
    )


def _told(path: Path) -> str:
    return dotted(tuple(part if _SURELY_NO_KEY.fullmatch(part) else "..." for part in path))
