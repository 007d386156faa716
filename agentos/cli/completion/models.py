"""The names of models and of those who have them, as words for an option."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from agentos.core.config.known_settings import ROLES
from agentos.core.config.settings import Setting, from_environment, from_project, from_user
from agentos.core.config.trust import TrustStore
from agentos.core.errors import AgentosError
from agentos.core.paths import user_config_folder
from agentos.models.command.presets import PRESETS
from agentos.models.registry import installed

_EMBEDDED, _COMMAND = "embedded", "command"
_NAMED_BY_MODEL = ("models", "prices")


def model_names(project: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Words and what they are: whole names that are set somewhere, `openai/` for others.

    Nothing is asked of a provider: its module may be somebody else's.
    """
    providers = [*installed()]
    yield _EMBEDDED, "rules instead of a language model, built in"
    known = {
        name
        for setting in _settings(project, environ)
        if (name := _model_in(setting)).partition("/")[0] in providers and "/" in name
    }
    yield from ((name, "named by a setting") for name in sorted(known))
    yield from (
        (name, "a program, with a preset")
        for name in sorted(f"{_COMMAND}/{preset}" for preset in PRESETS)
        if name not in known
    )
    yield from ((f"{one}/", "then the name") for one in providers if one != _EMBEDDED)


def account_names() -> Iterator[tuple[str, str]]:
    """Providers that can take a key, and the programs with a preset."""
    without = (_EMBEDDED, _COMMAND)
    yield from ((name, "a provider of models") for name in installed() if name not in without)
    yield from ((f"{_COMMAND}/{preset}", "a program, with a preset") for preset in PRESETS)


def _settings(project: Path, environ: Mapping[str, str]) -> Iterator[Setting]:
    """All that can be read, trusted or not: these are words, and no more."""
    folder = user_config_folder(environ)
    places: tuple[Callable[[], Iterable[Setting]], ...] = (
        lambda: from_environment(environ),
        lambda: from_project(project, TrustStore(folder)).settings,
        lambda: from_user(folder),
    )
    for read in places:
        with suppress(AgentosError):
            yield from read()


def _model_in(setting: Setting) -> str:
    """The model that a setting is of, or names; empty if none."""
    table, *rest = setting.path
    if table in ROLES:
        return str(setting.value)
    if table in _NAMED_BY_MODEL and len(rest) > 1:
        return rest[0]
    return f"{_COMMAND}/{rest[0]}" if table == "commands" else ""
