"""From a model's name and the settings to all that its adapter is made from."""

import difflib
import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, PackageNotFoundError, version

from agentos.core.config.credentials import checked_secret
from agentos.core.config.schema import dotted
from agentos.core.config.settings import Settings
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError, Hint
from agentos.core.installation import install_command
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits
from agentos.core.providers import Provider
from agentos.models.registry import load_provider

_EMBEDDED = "embedded"
_OPTIONS = ("output_limit_field", "api_version", "allow_tools", "model")
_ONLY_WITH_ARGV = ("output", "key_variable", "keep")

# Shorter and plainer than any key, so that one in the place of a model's name is not repeated.
_SURELY_NO_KEY = re.compile(r"[a-z][a-z0-9._-]{0,23}")

_MAJORS = re.compile(r"(?P<name>[\w.-]+)>=(?P<least>\d+),<(?P<below>\d+)")


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model that the settings name, with its provider."""

    settings: ModelSettings
    provider: Provider

    @property
    def account(self) -> str:
        """What credentials are matched by: the provider, and for a command its own name."""
        return account_of(self.settings.name)


def account_of(model: str) -> str:
    """The account that serves the model of that name."""
    provider = model.partition("/")[0]
    return model if provider == "command" else provider


def choose(name: str, settings: Settings, entries: Mapping[str, EntryPoint]) -> ChosenModel:
    """The model of that name; raises ConfigError for one that no provider has."""
    provider_name, _, model = name.partition("/")
    entry = entries.get(provider_name)
    if entry is None:
        called = f" {provider_name!r}" if _SURELY_NO_KEY.fullmatch(provider_name) else ""
        close = _close(provider_name, entries, cutoff=0.6)
        raise ConfigError(
            f"there is no provider{called} of models",
            (f"is {close} meant?" if close else f"there are: {', '.join(entries)};")
            + " `agentos config show` says where the model is set",
        )
    provider = load_provider(entry.value)
    if provider.name != provider_name:
        raise ConfigError(
            f"the provider that is installed as {provider_name} calls itself {provider.name}",
            "its author has to mend that",
        )
    if provider.has_one_model and name != provider_name:
        raise ConfigError(f"{provider_name} has one model", f"write {provider_name}, nothing more")
    if not (provider.has_one_model or model):
        raise ConfigError(
            f"{provider_name} names a provider and no model",
            f"write {provider_name}/NAME, where NAME is what it calls the model",
        )
    return ChosenModel(_settings_of(name, entry.value, settings), provider)


def check_names(settings: Settings, entries: Mapping[str, EntryPoint]) -> None:
    """Raise ConfigError for settings of a provider whose name is misspelt: they would not count.

    Those of a provider that is just not installed are let be.
    """
    for setting in settings:
        if setting.path[0] not in {"providers", "models"}:
            continue
        provider = setting.path[1].partition("/")[0]
        close = None if provider in entries else _close(provider, entries, cutoff=0.8)
        if close:
            raise ConfigError(
                f"{setting.source}: there is no provider for {dotted(setting.path)}",
                f"is {close} meant?",
            )


def check_package(provider: Provider, whose: str) -> None:
    """Raise ConfigError where the package that the provider stands on is not there as needed.

    `whose` is what is asked for: one of its models, or the provider itself.
    """
    if missing := missing_package(provider):
        raise ConfigError(
            f"{whose} needs a package that is missing or of another version",
            Hint("", f"type: {install_command(missing)}"),
        )


def missing_package(provider: Provider) -> str:
    """What has to be installed for the provider, empty if nothing is missing.

    Of versions only a range of majors is looked at, as in `anthropic>=2,<3`.
    """
    if not provider.module:
        return ""
    try:
        found = importlib.util.find_spec(provider.module) is not None
    except ModuleNotFoundError:  # of the package above it
        found = False
    return "" if found and _has_right_major(provider.requirement) else provider.requirement


def _has_right_major(requirement: str) -> bool:
    match = _MAJORS.fullmatch(requirement)
    if match is None:
        return True
    try:
        major = int(version(match["name"]).partition(".")[0])
    except (PackageNotFoundError, ValueError):  # found without its metadata
        return True
    return int(match["least"]) <= major < int(match["below"])


def credentials_for(
    models: Iterable[ChosenModel], configured: Sequence[Credential]
) -> list[Credential]:
    """The credentials that may serve the models, each for one account only.

    A key goes to the provider that it names and to nobody else; one that names none only lets the
    embedded model run. Raises ConfigError for a model that needs a key and has none, and for a key
    that can be none.
    """
    lent: dict[str, Credential] = {}
    for chosen in models:
        own = [
            replace(one, provider=chosen.account) for one in configured if _serves(one, chosen)
        ] or [_without_key(chosen, configured)]
        for one in own:
            checked_secret(one.secret or "", one.name)
            if lent.setdefault(one.name, one) != one:
                raise ConfigError(
                    f"a credential for {lent[one.name].provider} is called {one.name}, as the one "
                    f"without a key for {one.provider} is",
                    "give it another name",
                )
    return list(lent.values())


def needs_key(chosen: ChosenModel) -> bool:
    """Whether nothing can be asked without one: a server of the user's own may need none."""
    return chosen.provider.needs_key and chosen.settings.base_url is None


def _serves(credential: Credential, chosen: ChosenModel) -> bool:
    if credential.provider is None:
        return chosen.account == _EMBEDDED
    return credential.provider == chosen.account


def _without_key(chosen: ChosenModel, configured: Sequence[Credential]) -> Credential:
    account = chosen.account
    if needs_key(chosen):
        raise ConfigError(
            f"{chosen.settings.name} needs a key, and no credential names {account}",
            _key_hint(chosen, configured),
        )
    return Credential(account, None, account)


def _key_hint(chosen: ChosenModel, configured: Sequence[Credential]) -> str:
    account, variable = chosen.account, chosen.provider.key_variable
    for one in configured:
        if one.provider is None:
            return f"{one.name} names no provider: if it is a key for {account}, say so beside it"
        if _close(one.provider, (account,), cutoff=0.8):
            return f"{one.name} names {one.provider}: is {account} meant?"
    command = f"type: agentos credentials add {account}"
    return Hint("", f"{command} (or set {variable})" if variable else command)


def _close(name: str, names: Iterable[str], *, cutoff: float) -> str | None:
    return next(iter(difflib.get_close_matches(name.lower(), names, n=1, cutoff=cutoff)), None)


def is_set(name: str, key: str, settings: Settings) -> bool:
    """Whether somebody set this for the model of that name, or for all of its provider."""
    return _found(name, key, settings) is not None


def _found(name: str, key: str, settings: Settings) -> object | None:
    provider, _, model = name.partition("/")
    places = [("models", name), ("providers", provider)]
    if provider == "command":
        places.insert(1, ("commands", model))
    values = (settings.get(*place, key) for place in places)
    return next((value for value in values if value is not None), None)


def _settings_of(name: str, entry_point: str, settings: Settings) -> ModelSettings:
    provider, _, model = name.partition("/")

    def find(key: str) -> object | None:
        return _found(name, key, settings)

    numbers = {
        key: value
        for key in ("max_input_tokens", "max_output_tokens")
        if isinstance(value := find(key), int)
    }
    times = {
        key: float(str(value))
        for key in ("connect", "idle", "total")
        if (value := find(f"{key}_timeout")) is not None
    }
    base_url = find("base_url")
    return ModelSettings(
        name,
        entry_point,
        base_url=base_url if isinstance(base_url, str) else None,
        time_limits=replace(TimeLimits(), **times),
        command=_command(model, settings) if provider == "command" else None,
        options={
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key in _OPTIONS
            if (value := find(key)) is not None
        },
        **numbers,
    )


def _command(name: str, settings: Settings) -> CommandSettings | None:
    """None for a preset."""
    argv = settings.get("commands", name, "argv")
    given = {
        key: value
        for key in _ONLY_WITH_ARGV
        if (value := settings.get("commands", name, key)) is not None
    }
    if argv is None and given:
        raise ConfigError(
            f"{dotted(('commands', name))} sets {', '.join(given)}, but no argv",
            "these describe a program of your own: set its argv, or leave them out",
        )
    if argv is not None and settings.get("commands", name, "model"):
        raise ConfigError(
            f"{dotted(('commands', name))} sets both argv and model",
            "write the model into the argv, the way the program takes it",
        )
    return None if argv is None else CommandSettings(argv, **given)
