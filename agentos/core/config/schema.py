"""Which settings there are, what values they take, and which of them a project is trusted with.

A setting is named by its path: `("drafter",)`, `("providers", "openai", "base_url")`.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping

from agentos.core.config import kinds
from agentos.core.config.kinds import Value, ValueKind
from agentos.core.errors import ConfigError

Path = tuple[str, ...]

CREDENTIAL = "credential"
"""The tables of a config file that are no settings; `credentials.py` reads them."""

_OF_ANY_MODEL = {
    "max_input_tokens": kinds.TOKENS,
    "max_output_tokens": kinds.TOKENS,
    "connect_timeout": kinds.SECONDS,
    "idle_timeout": kinds.SECONDS,
    "total_timeout": kinds.SECONDS,
}
_OF_SERVICES = _OF_ANY_MODEL | {"output_limit_field": kinds.TEXT, "api_version": kinds.TEXT}
_GLOBAL = {
    "drafter": kinds.MODEL_NAME,
    "reviewer": kinds.MODEL_NAME,
    "budget": kinds.DOLLARS,
    "max_tokens": kinds.TOKENS,
}
_TABLES: Mapping[str, Mapping[str, ValueKind]] = {
    "providers": _OF_SERVICES | {"base_url": kinds.URL},
    "models": _OF_SERVICES,
    "commands": _OF_ANY_MODEL
    | {
        "argv": kinds.ARGV,
        "output": kinds.OUTPUT,
        "key_variable": kinds.VARIABLE,
        "keep": kinds.VARIABLES,
        "allow_tools": kinds.FLAG,
        "model": kinds.TEXT,
    },
    "prices": {
        "input": kinds.DOLLARS,
        "output": kinds.DOLLARS,
        "cached": kinds.DOLLARS,
        "cache_write": kinds.DOLLARS,
    },
}
_PRICE_DATE = ("prices", "date")
_HEADINGS = {
    "providers": "[providers.openai]",
    "models": '[models."openai/NAME"]',
    "commands": "[commands.NAME]",
    "prices": '[prices."openai/NAME"]',
}

_KEY_NAMES = {"key", "api_key", "apikey", "token", "api_token", "auth_token", "secret", "password"}

# A name that could be a key, typed in its place, is not repeated.
_SURELY_NO_KEY = re.compile(r"[A-Za-z_-]{1,32}|[a-z0-9._-]{1,24}(/.{1,100})?")


def needs_trust(path: Path, value: Value) -> bool:
    """Whether a project's own config may set this only after `agentos config trust`."""
    if path[0] == "commands" or path[-1] == "base_url":
        return True
    if path[0] == "prices" and path != _PRICE_DATE:
        return True  # with a price of 0 no budget would hold
    return path in (("drafter",), ("reviewer",)) and str(value).startswith("command/")


def checked(path: Path, value: object, subject: str) -> Value:
    """The value of a setting that there is; raises ConfigError for one of another kind.

    `subject` is what the sentence about it begins with, such as `--budget`.
    """
    kind = _kinds_at(path)[path[-1]]
    result = kind.read(value)
    if result is None:
        raise ConfigError(f"{subject} must be {kind.what}")
    return result


def settings_of(data: Mapping[str, object], where: str) -> Iterator[tuple[Path, Value]]:
    """Every setting of a config file's content; `where` is the file's name.

    Raises ConfigError for an unknown setting and for a wrong value.
    """
    for name, value in data.items():
        if name in _TABLES:
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
    if path[-1] not in _kinds_at(path):
        raise ConfigError(f"{where}: there is no setting {_told(path)}", _hint(path, value))
    return path, checked(path, value, f"{where}: {_told(path)}")


def _kinds_at(path: Path) -> Mapping[str, ValueKind]:
    """The settings that there are beside this one, itself among them if it is one."""
    if path == _PRICE_DATE:
        return {"date": kinds.DATE}
    return _GLOBAL if len(path) == 1 else _TABLES[path[0]]


def _hint(path: Path, value: object) -> str:
    """What to do about an unknown setting."""
    name = path[-1].lower().replace("-", "_")
    if name in _KEY_NAMES:
        return "no file of settings holds a key: set the provider's variable, or see docs/models.md"
    if len(path) > 1 and name in _GLOBAL:
        return f"{name} belongs above the first [table] of the file"
    if len(path) > 1 and isinstance(value, dict):
        return f"a name that holds '/' or '.' is quoted, as in {_HEADINGS[path[0]]}"
    names = [*_kinds_at(path), *((*_TABLES, CREDENTIAL) if len(path) == 1 else ())]
    close = difflib.get_close_matches(name, names, n=1)
    return f"is {close[0]} meant?" if close else f"there are: {', '.join(names)}"


def _table(value: object, path: Path, where: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise ConfigError(f"{where}: {_told(path)} must be a table", f"such as {_HEADINGS[path[0]]}")


def _told(path: Path) -> str:
    return dotted(tuple(part if _SURELY_NO_KEY.fullmatch(part) else "..." for part in path))
