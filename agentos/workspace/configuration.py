"""What a command runs with: settings of all layers, the models they name, keys, prices, limits."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path

from agentos.core.child_spec import ItemSpec
from agentos.core.config.credential_entries import CredentialEntry
from agentos.core.config.credential_places import declared_entries
from agentos.core.config.credentials import CredentialSet, ReadKeyring, load_credentials
from agentos.core.config.known_settings import ROLES
from agentos.core.config.schema import dotted
from agentos.core.config.settings import (
    DEFAULTS,
    ProjectConfig,
    Setting,
    Settings,
    from_environment,
    from_flags,
    from_project,
    from_user,
)
from agentos.core.config.trust import TrustStore
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.core.items import Item
from agentos.core.paths import user_config_folder
from agentos.core.prices import NANO, Price, PriceTable
from agentos.core.providers import Provider
from agentos.models.catalog import ChosenModel, check_names, check_package, choose, credentials_for
from agentos.models.registry import installed, load_model, load_provider
from agentos.vault.system_keyring import read_secret
from agentos.workspace.project import Project

REVIEW_ROUNDS = 3

_LIMITS = (("budget",), ("max_tokens",))


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that was set, before any of it is used; `project` may not be trusted."""

    settings: Settings
    project: ProjectConfig
    entries: Mapping[str, EntryPoint]
    providers: Mapping[str, Provider]

    @property
    def key_variables(self) -> dict[str, str]:
        """Where the providers' own tools look for a key, by provider."""
        return key_variables(self.providers)

    def entries_of_credentials(self, environ: Mapping[str, str]) -> tuple[CredentialEntry, ...]:
        """All that is written down, without looking at a secret; raises ConfigError."""
        return declared_entries(
            environ,
            user_config_folder(environ),
            project_entries=self.project.counted_credentials,
            key_variables=self.key_variables,
        )

    def credentials(
        self,
        environ: Mapping[str, str],
        read_keyring: ReadKeyring = read_secret,
        accounts: Collection[str] | None = None,
    ) -> CredentialSet:
        """The same with the secrets, for which the system's keyring may be asked.

        `accounts` are those that will be asked, None for any.
        """
        return load_credentials(
            environ,
            user_config_folder(environ),
            project_entries=self.project.counted_credentials,
            key_variables=self.key_variables,
            read_keyring=read_keyring,
            accounts=accounts,
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a batch may cost, None where there is no limit."""

    nanodollars: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a run needs to know of models and keys. `lent` are the credentials that it uses."""

    drafter: ChosenModel
    reviewer: ChosenModel
    configured: CredentialSet
    lent: tuple[Credential, ...]
    prices: PriceTable
    limits: Limits

    def spec(self, project: Project, item: Item, *, grace: float, again: bool) -> ItemSpec:
        """What a workflow needs to know to work on the item."""
        return ItemSpec(
            item=item,
            project=project.root,
            state=project.state.root,
            drafter=self.drafter.settings,
            reviewer=self.reviewer.settings,
            rounds=REVIEW_ROUNDS,
            grace=grace,
            again=again,
        )


def read_layers(
    project: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    *,
    only_trusted: bool = False,
) -> Layers:
    """Read every place where something can be set; raises ConfigError.

    `only_trusted` leaves out all that a project sets while it is not trusted.
    """
    folder = user_config_folder(environ)
    entries = installed()
    providers = load_providers(entries)
    urls = {
        name: provider.base_url_variable
        for name, provider in providers.items()
        if provider.base_url_variable
    }
    own, users = from_project(project, TrustStore(folder)), from_user(folder)
    layers = [
        from_flags(flags or {}),
        from_environment(environ, urls),
        _without_higher_limits(() if only_trusted and own.untrusted else own.settings, users),
        users,
        [Setting(path, value, "default") for path, value in DEFAULTS.items()],
    ]
    drafter = Settings(layers).get("drafter")
    layers.append([Setting(("reviewer",), drafter, "as the drafter")])
    return Layers(Settings(layers), own, entries, providers)


def load_providers(entries: Mapping[str, EntryPoint]) -> dict[str, Provider]:
    """Those of the entries that can be imported."""
    providers = {}
    for name, entry in entries.items():
        with suppress(Exception):  # somebody else's, and broken: told to whoever asks for it
            providers[name] = load_provider(entry.value)
    return providers


def key_variables(providers: Mapping[str, Provider]) -> dict[str, str]:
    """Where the providers' own tools look for a key, by provider."""
    return {
        name: provider.key_variable for name, provider in providers.items() if provider.key_variable
    }


def configure(
    layers: Layers, environ: Mapping[str, str], read_keyring: ReadKeyring = read_secret
) -> Configuration:
    """Check all that can be checked before a call, and give what the run needs.

    Raises TrustError for a project that asks for more than it is trusted with, ConfigError for a
    model, package, key or setting that is missing or wrong.
    """
    layers.project.check_trust()
    settings = layers.settings
    check_names(settings, layers.entries)
    drafter, reviewer = (choose(settings.get(role), settings, layers.entries) for role in ROLES)
    for chosen in (drafter, reviewer):
        _check_room(chosen, drafter)
        check_package(chosen.provider, chosen.settings.name)
        load_model(chosen.settings, environ)  # whatever else its adapter finds wrong
    configured = layers.credentials(environ, read_keyring, {drafter.account, reviewer.account})
    prices = price_table(settings)
    limits = _limits(settings)
    for chosen in (drafter, reviewer):
        _check_limits(chosen, limits, prices)
    return Configuration(
        drafter,
        reviewer,
        configured,
        tuple(credentials_for((drafter, reviewer), configured.usable)),
        prices,
        limits,
    )


def _without_higher_limits(project: Iterable[Setting], users: Iterable[Setting]) -> list[Setting]:
    """A project's settings, less limits beyond the user's own: it may lower them only."""
    most = {one.path: Decimal(str(one.value)) for one in users if one.path in _LIMITS}
    return [
        one for one in project if one.path not in most or Decimal(str(one.value)) <= most[one.path]
    ]


def price_table(settings: Settings) -> PriceTable:
    """The prices that are set; raises ConfigError for half a price."""
    prices = {}
    for model in settings.names("prices"):
        known = {
            key: Decimal(value)
            for key in ("input", "output", "cached", "cache_write")
            if (value := settings.get("prices", model, key)) is not None
        }
        if not {"input", "output"} <= known.keys():
            raise ConfigError(
                f"{dotted(('prices', model))} is half a price",
                "it needs input and output, in USD per million tokens",
            )
        prices[model] = Price(**known)
    return PriceTable(prices, settings.get("prices", "date") or "")


def _limits(settings: Settings) -> Limits:
    budget, tokens = settings.get("budget"), settings.get("max_tokens")
    return Limits(None if budget is None else int(budget * NANO), tokens)


def _check_room(chosen: ChosenModel, drafter: ChosenModel) -> None:
    """A draft is sent for review and revision, so it has to fit into a request."""
    room, draft = chosen.settings.max_input_tokens, drafter.settings.max_output_tokens
    if room <= draft:
        raise ConfigError(
            f"max_input_tokens of {chosen.settings.name} is {room:,}, which has no room for a "
            f"draft of up to {draft:,}",
            f"raise it, or lower max_output_tokens of {drafter.settings.name}",
        )


def _check_limits(chosen: ChosenModel, limits: Limits, prices: PriceTable) -> None:
    name = chosen.settings.name
    if limits == Limits() or chosen.provider.is_free:
        return
    if chosen.account.startswith("command/"):
        raise ConfigError(
            f"a limit cannot hold for {name}: nobody knows beforehand what a program will use",
            "leave --budget and --max-tokens out, or choose a model of another provider",
        )
    if limits.nanodollars is not None and not prices.knows(name):
        raise ConfigError(
            f"a budget cannot hold for {name}: its price is not set",
            f"use --max-tokens, or set input and output in [{dotted(('prices', name))}], USD per"
            " million tokens",
        )
    cache_write = prices.knows_cache_writes(name)
    if limits.nanodollars is not None and chosen.provider.writes_cache and not cache_write:
        raise ConfigError(
            f"a budget cannot hold for {name}: what writing its prompt cache costs is not set",
            f"set cache_write in [{dotted(('prices', name))}]; it is mostly above input",
        )
