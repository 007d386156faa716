"""Which providers are installed, and the model that settings ask for.

A provider is an entry point of the group `agentos.models`, ours as anybody's. The supervisor reads
the entry points; a child is told the one that it needs and imports nothing else.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from agentos.core.calls import Model
from agentos.core.errors import ConfigError
from agentos.core.installation import install_command
from agentos.core.model_settings import ModelSettings
from agentos.core.providers import Provider

GROUP = "agentos.models"


def installed() -> dict[str, EntryPoint]:
    """The entry points of all providers by their names; nothing of them is imported yet."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        first = found.setdefault(entry.name, entry)
        if first.value != entry.value:  # whoever came last would get the other's keys
            raise ConfigError(
                f"two packages bring a model provider called {entry.name}: "
                f"{_package(first)} and {_package(entry)}",
                "uninstall one of them",
            )
    if "embedded" not in found:
        raise ConfigError(
            "agentos does not find its own models",
            f"install it again, from its folder: {install_command('.')}",
        )
    return dict(sorted(found.items()))


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def load_provider(entry_point: str) -> Provider:
    """The provider that `module:attribute` names; raises ConfigError when it is none."""
    module, _, attribute = entry_point.partition(":")
    try:
        provider = getattr(import_module(module), attribute, None)
    except Exception as error:  # noqa: BLE001 - somebody else's module may fail in any way
        raise ConfigError(f"the model provider {entry_point} cannot be imported: {error}") from None
    if not isinstance(provider, Provider):
        raise ConfigError(f"{entry_point} is no model provider")
    return provider


def load_model(settings: ModelSettings, environ: Mapping[str, str]) -> Model:
    """The adapter for one model; raises ConfigError for a setting that is wrong."""
    return load_provider(settings.entry_point).build(settings, environ)
