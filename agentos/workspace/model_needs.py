"""What is still missing before a model can be asked, as the commands that bring it."""

import shlex
from collections.abc import Mapping

from agentos.core.config.settings import Settings
from agentos.core.errors import ConfigError
from agentos.core.installation import install_command
from agentos.core.model_settings import ModelSettings
from agentos.core.providers import Provider
from agentos.models.catalog import ChosenModel, missing_package, needs_key
from agentos.workspace.configuration import Layers


def accounts_with_key(layers: Layers, environ: Mapping[str, str]) -> frozenset[str]:
    """What keys are written down for: providers, and commands by their names.

    None where that cannot be read, of which the one hears who uses a key. No secret is looked at.
    """
    try:
        entries = layers.entries_of_credentials(environ)
    except ConfigError:
        return frozenset()
    return frozenset(entry.provider for entry in entries if entry.provider)


def missing_for(chosen: ChosenModel, with_key: frozenset[str]) -> tuple[str, ...]:
    """The commands that bring the package and the key of a model; none if it can be asked."""
    commands = []
    if package := missing_package(chosen.provider):
        commands.append(install_command(package))
    if lacks_key(chosen, with_key):
        commands.append(f"agentos credentials add {shlex.quote(chosen.provider.name)}")
    return tuple(commands)


def lacks_key(chosen: ChosenModel, with_key: frozenset[str]) -> bool:
    """Whether the model cannot be asked for want of a key."""
    return needs_key(chosen) and chosen.account not in with_key


def any_model_of(provider: Provider, settings: Settings) -> ChosenModel:
    """A model of the provider, as far as what it needs does not hang on its name."""
    base_url = settings.get("providers", provider.name, "base_url")
    name = provider.name if provider.has_one_model else f"{provider.name}/NAME"
    return ChosenModel(ModelSettings(name, base_url=base_url), provider)
