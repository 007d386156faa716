"""The two models that the settings name: whether they are there, with what they stand on."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from agentos.core.config.known_settings import ROLES
from agentos.core.config.settings import Settings
from agentos.core.errors import ConfigError
from agentos.diagnosis.finding import Finding, fault_of, ok, warning
from agentos.diagnosis.surroundings import Surroundings
from agentos.models.catalog import (
    ChosenModel,
    check_names,
    check_package,
    choose,
    missing_package,
)
from agentos.models.registry import load_model
from agentos.workspace.configuration import Layers


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Names that are misspelt, then each role."""
    layers = surroundings.layers()
    if layers is None:
        yield warning("models", "not looked at, as the settings cannot be read")
        return
    yield from _misspelt(surroundings, layers)
    told: set[str] = set()
    for role in ROLES:
        finding = _role(surroundings, layers, role)
        if finding.sentence not in told:
            told.add(finding.sentence)
            yield finding


def chosen_models(layers: Layers) -> Iterator[ChosenModel]:
    """Those of the roles that there are; one that serves both comes once."""
    found: set[str] = set()
    for role in ROLES:
        name = layers.settings.get(role)
        try:
            chosen = choose(name, layers.settings, layers.entries)
        except ConfigError:
            continue
        if name not in found:
            found.add(name)
            yield chosen


def _misspelt(surroundings: Surroundings, layers: Layers) -> Iterator[Finding]:
    for setting in layers.settings:
        try:
            check_names(Settings([[setting]]), layers.entries)
        except ConfigError as error:
            yield fault_of("settings", error, _change(surroundings, setting.source))


def _role(surroundings: Surroundings, layers: Layers, role: str) -> Finding:
    name, settings = layers.settings.get(role), layers.settings
    change = _change(surroundings, _decisive_source(settings, role))
    try:
        chosen = choose(name, settings, layers.entries)
        if requirement := missing_package(chosen.provider):
            change = surroundings.installation.install(requirement)
        check_package(chosen.provider, name)
        load_model(chosen.settings, surroundings.environ)
    except ConfigError as error:
        return fault_of(role, error, change)
    return ok(role, f"{name} ({_shown(surroundings, settings.source(role))})")


def _decisive_source(settings: Settings, role: str) -> str:
    """Where that was set which could be wrong: a command's own table, else the name."""
    name = settings.get(role)
    provider, _, model = name.partition("/")
    if provider == "command":
        for setting in settings:
            if setting.path[:2] == ("commands", model):
                return setting.source
    if role == "reviewer" and settings.source(role) == "as the drafter":
        return settings.source("drafter")
    return settings.source(role)


def _change(surroundings: Surroundings, source: str) -> str:
    """The command by which a setting is changed where it was set."""
    if source in surroundings.environ:
        return f"unset {shlex.quote(source)}"
    path = Path(source)
    return surroundings.edit(path) if path.is_absolute() else ""


def _shown(surroundings: Surroundings, source: str) -> str:
    path = Path(source)
    return surroundings.name(path) if path.is_absolute() else source
