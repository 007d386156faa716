"""The settings that count, each with the place that it comes from.

A flag counts before the environment, that before the project's config, that before the user's,
and all of them before the defaults.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agentos.core.config import schema
from agentos.core.config.credential_places import CREDENTIALS_FILE
from agentos.core.config.kinds import Value
from agentos.core.config.schema import CREDENTIAL, checked, dotted, needs_trust, settings_of
from agentos.core.config.toml_files import parse_toml, read_config_file
from agentos.core.config.trust import TrustStore
from agentos.core.errors import ConfigError, Hint, TrustError
from agentos.core.hashing import sha256

PROJECT_FILE = "agentos.toml"
SHARED_FILE = "pyproject.toml"
USER_FILE = "config.toml"

DEFAULTS: Mapping[schema.Path, Value] = MappingProxyType({("drafter",): "embedded"})

_VARIABLES = {
    "AGENTOS_DRAFTER": ("drafter",),
    "AGENTOS_REVIEWER": ("reviewer",),
    "AGENTOS_BUDGET": ("budget",),
    "AGENTOS_MAX_TOKENS": ("max_tokens",),
}

_MOST_TOLD = 5  # settings, in a sentence that asks for trust


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that counts; `source` says where it was set: a file, a variable, a flag."""

    path: schema.Path
    value: Value
    source: str


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What a project sets, in the file at `path`. `digest` is the hash of what it says.

    Nothing is trusted with less than all of it: `untrusted` are the settings, dotted, that count
    only after `agentos config trust`; empty once that was done.
    """

    path: Path
    settings: tuple[Setting, ...] = ()
    credentials: tuple[object, ...] = ()
    digest: str = ""
    untrusted: tuple[str, ...] = ()

    def check_trust(self) -> None:
        """Raise TrustError while the project sets something that it is not trusted with."""
        if self.untrusted:
            asks = list(self.untrusted[:_MOST_TOLD])
            if more := len(self.untrusted) - len(asks):
                asks.append(f"{more} more")
            raise TrustError(
                f"{self.path} sets {', '.join(asks)}, and this project is not trusted",
                self.how_to_trust,
            )

    @property
    def counted_credentials(self) -> tuple[object, ...]:
        """The tables of credentials; none of a project that is not trusted."""
        return () if self.untrusted else self.credentials

    @property
    def how_to_trust(self) -> str:
        """A hint: what to read, and what to type."""
        return Hint(
            "read the file; if it does what you want",
            f", type: agentos config trust --project {shlex.quote(str(self.path.parent))}",
        )


class Settings:
    """Read-only: every setting by its path."""

    def __init__(self, layers: Iterable[Iterable[Setting]]) -> None:
        """`layers` come with what counts first."""
        self._by_path: dict[schema.Path, Setting] = {}
        for layer in layers:
            for setting in layer:
                self._by_path.setdefault(setting.path, setting)

    def __iter__(self) -> Iterator[Setting]:
        return iter(sorted(self._by_path.values(), key=lambda setting: setting.path))

    def get(self, *path: str) -> Any:
        """The value, of the kind that the schema says; None where nobody set it."""
        setting = self._by_path.get(path)
        return None if setting is None else setting.value

    def source(self, *path: str) -> str:
        """Where the value was set; raises KeyError where nobody did."""
        return self._by_path[path].source

    def names(self, table: str) -> list[str]:
        """The groups of a table: the models of `models`, the programs of `commands`."""
        return sorted({path[1] for path in self._by_path if path[0] == table and len(path) > 2})


def from_flags(flags: Mapping[str, object]) -> list[Setting]:
    """Options of the command line by their names, None for one that was not given."""
    return [
        Setting((name,), checked((name,), value, option := _option(name)), option)
        for name, value in flags.items()
        if value is not None
    ]


def from_environment(
    environ: Mapping[str, str], base_urls: Mapping[str, str] = MappingProxyType({})
) -> list[Setting]:
    """Our own variables, and those in which providers' tools look for a URL, by provider."""
    variables = _VARIABLES | {
        variable: ("providers", provider, "base_url") for provider, variable in base_urls.items()
    }
    return [
        Setting(path, checked(path, environ[variable].strip(), variable), variable)
        for variable, path in variables.items()
        if environ.get(variable, "").strip()
    ]


def from_user(config_folder: Path) -> list[Setting]:
    """The user's own config file; raises ConfigError."""
    path = config_folder / USER_FILE
    content, _ = read_config_file(path)
    if content is None:
        return []
    data = parse_toml(content, str(path))
    if CREDENTIAL in data:
        raise ConfigError(f"{path}: credentials belong into {CREDENTIALS_FILE} beside it")
    return [Setting(name, value, str(path)) for name, value in settings_of(data, str(path))]


def from_project(project: Path, trust: TrustStore) -> ProjectConfig:
    """`agentos.toml`, or the table `[tool.agentos]` of pyproject.toml; raises ConfigError."""
    own, shared = from_own_file(project, trust), from_shared_file(project, trust)
    if own and shared:
        raise ConfigError(
            f"both {own.path} and [tool.agentos] in {shared.path} are there; keep one"
        )
    return own or shared or ProjectConfig(project / PROJECT_FILE)


def from_own_file(project: Path, trust: TrustStore) -> ProjectConfig | None:
    """`agentos.toml` alone, None where it is missing; raises ConfigError."""
    path = project / PROJECT_FILE
    content, _ = read_config_file(path)
    if content is None:
        return None
    return _project_config(path, parse_toml(content, str(path)), sha256(content), trust)


def from_shared_file(project: Path, trust: TrustStore) -> ProjectConfig | None:
    """The table in pyproject.toml alone, None where it is missing; raises ConfigError."""
    path = project / SHARED_FILE
    content, _ = read_config_file(path)
    table = _tool_table(content, path)
    return None if table is None else _project_config(path, table, _digest(table, path), trust)


def _tool_table(content: bytes | None, path: Path) -> dict[str, Any] | None:
    if content is None or b"agentos" not in content:
        return None  # whatever else is wrong with it is not our business
    tools = parse_toml(content, str(path)).get("tool", {})
    table = tools.get("agentos") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.agentos must be a table")
    return table


def _digest(table: dict[str, Any], path: Path) -> str:
    """The hash of the table alone: the rest of the file may change without a new look at it."""
    try:
        return sha256(json.dumps(table, sort_keys=True, default=str).encode())
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None


def _project_config(
    path: Path, data: dict[str, Any], digest: str, trust: TrustStore
) -> ProjectConfig:
    settings = tuple(
        Setting(name, value, str(path)) for name, value in settings_of(data, str(path))
    )
    credentials = data.get(CREDENTIAL, [])
    if not isinstance(credentials, list):
        raise ConfigError(f"{path}: credentials are written as [[credential]] tables")
    asks = [dotted(one.path) for one in settings if needs_trust(one.path, one.value)]
    asks += [CREDENTIAL] if credentials else []
    trusted = not asks or trust.trusts(path, digest)
    return ProjectConfig(path, settings, tuple(credentials), digest, () if trusted else tuple(asks))


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
