"""Every credential that is written down, and whether its key is there; keys that are missing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import (
    CREDENTIALS_FILE,
    CREDENTIALS_VARIABLE,
    entries_of_all_places,
)
from agentos.core.config.credential_quotas import quota_conflicts
from agentos.core.config.credentials import LIMIT_VARIABLE, credential_limit, holds_up, resolve
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.diagnosis.finding import Finding, Level, fault, fault_of, ok, warning
from agentos.diagnosis.key_commands import (
    another_variable,
    mended_place,
    one_less,
    stored_again,
    stored_key,
)
from agentos.diagnosis.models import chosen_models
from agentos.diagnosis.surroundings import Surroundings
from agentos.models.catalog import ChosenModel, credentials_for
from agentos.workspace.configuration import Layers
from agentos.workspace.credential_standing import unknown_provider

_SUBJECT = "credentials"
_NOWHERE = Path("/dev/null")  # as a config folder: nothing lies in it


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found of the entries: those that resolve to a key, and what is wrong with others."""

    entries: tuple[CredentialEntry, ...]
    usable: tuple[Credential, ...]
    findings: tuple[Finding, ...]


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """A line for each entry, and one for each model that lacks its key."""
    layers = surroundings.layers()
    look = _entries(surroundings, layers)
    findings = [*look.findings, *_limit(surroundings)]
    if layers is not None:
        findings += _strangers(surroundings, look, layers)
        findings += _missing(surroundings, look, layers)
    yield from findings or [ok(_SUBJECT, "none is written down, and none is needed")]


def _entries(surroundings: Surroundings, layers: Layers | None) -> _Look:
    entries, findings = _declared(surroundings, layers)
    findings += _shared_names(surroundings, entries)
    findings += _contradictions(surroundings, entries, layers)
    providers = [*layers.entries] if layers else [entry.provider or "" for entry in entries]
    accounts = {chosen.account for chosen in chosen_models(layers)} if layers else None
    usable = []
    told: dict[str, Finding] = {}
    for entry in entries:
        try:
            usable.append(resolve(entry, surroundings.environ, surroundings.read_keyring))
        except ConfigError as error:
            found = fault_of(_SUBJECT, error, stored_again(surroundings, entry, providers))
            level = Level.FAULT if holds_up(entry, accounts) else Level.WARNING
            told[str(error)] = replace(found, level=level)
        else:
            told[entry.name] = ok(_SUBJECT, _described(surroundings, entry))
    return _Look(entries, tuple(usable), (*findings, *told.values()))


def _declared(
    surroundings: Surroundings, layers: Layers | None
) -> tuple[tuple[CredentialEntry, ...], list[Finding]]:
    """The entries of every place that can be read, and what is wrong with the others."""
    environ, folder = surroundings.environ, surroundings.config_folder
    tables = layers.project.counted_credentials if layers else ()
    variables = layers.key_variables if layers else {}
    try:
        whole = entries_of_all_places(
            environ, folder, project_entries=tables, key_variables=variables
        )
    except ConfigError:
        pass
    else:
        return whole, []
    ours = {name: environ[name] for name in (CREDENTIALS_VARIABLE,) if name in environ}
    places: dict[Origin, tuple[Mapping[str, str], Path, Sequence[object]]] = {
        Origin.ENVIRONMENT: (ours, _NOWHERE, ()),
        Origin.FILE: ({}, folder, ()),
        Origin.PROJECT: ({}, _NOWHERE, tables),
    }
    entries: list[CredentialEntry] = []
    findings = []
    for origin, (variable, config, project) in places.items():
        try:
            entries += entries_of_all_places(variable, config, project_entries=project)
        except ConfigError as error:
            path = layers.project.path if layers else surroundings.project.root
            findings.append(fault_of(_SUBJECT, error, mended_place(surroundings, origin, path)))
    return tuple(entries), findings


def _shared_names(
    surroundings: Surroundings, entries: Sequence[CredentialEntry]
) -> Iterator[Finding]:
    for name, count in Counter(entry.name for entry in entries).items():
        if count > 1:
            same = [entry for entry in entries if entry.name == name]
            yield fault(
                _SUBJECT,
                f"two credentials are called {name}",
                hint=" and ".join(entry.where for entry in same),
                command=one_less(surroundings, same),
            )


def _contradictions(
    surroundings: Surroundings, entries: Sequence[CredentialEntry], layers: Layers | None
) -> Iterator[Finding]:
    """Entries that share a quota and do not agree about it."""
    for conflict in quota_conflicts(entries):
        in_file = any(one.origin is Origin.FILE for one in conflict.both)
        path = layers.project.path if layers else surroundings.project.root
        place = mended_place(surroundings, Origin.FILE if in_file else Origin.PROJECT, path)
        yield fault_of(_SUBJECT, conflict, place)


def _limit(surroundings: Surroundings) -> Iterator[Finding]:
    try:
        credential_limit(surroundings.environ)
    except ConfigError as error:
        yield fault_of(_SUBJECT, error, f"unset {LIMIT_VARIABLE}")


def _strangers(surroundings: Surroundings, look: _Look, layers: Layers) -> Iterator[Finding]:
    """Entries for a provider that there is not."""
    for entry in look.entries:
        if unknown := unknown_provider(entry, layers):
            file = surroundings.config_folder / CREDENTIALS_FILE
            yield warning(
                _SUBJECT,
                f"{entry.name} is for {entry.provider}, and {unknown}",
                hint=f"there are: {', '.join(layers.entries)}",
                command=surroundings.edit(file) if entry.origin is Origin.FILE else "",
            )


def _missing(surroundings: Surroundings, look: _Look, layers: Layers) -> Iterator[Finding]:
    try:
        usable = look.usable[: credential_limit(surroundings.environ)]
    except ConfigError:
        usable = look.usable
    accounts = set()
    for chosen in chosen_models(layers):
        written = [entry for entry in look.entries if entry.provider == chosen.account]
        broken = len(written) > sum(one.provider == chosen.account for one in look.usable)
        if broken or chosen.account in accounts:
            continue  # its entry is told, or the other role's model
        accounts.add(chosen.account)
        try:
            credentials_for([chosen], usable)
        except ConfigError as error:
            yield fault_of(_SUBJECT, error, _key_for(surroundings, chosen, written, look))


def _key_for(
    surroundings: Surroundings,
    chosen: ChosenModel,
    written: Sequence[CredentialEntry],
    look: _Look,
) -> str:
    """What gives the model its key; `written` are the entries that are for it."""
    if any(entry.origin is Origin.IMPLIED for entry in written):
        return another_variable(written[0])
    if written:
        return f"unset {LIMIT_VARIABLE}"
    return stored_key(surroundings, chosen.account, {entry.name for entry in look.entries})


def _described(surroundings: Surroundings, entry: CredentialEntry) -> str:
    whom = f"for {entry.provider}" if entry.provider else "for the embedded model"
    if entry.in_keyring:
        return f"{entry.name}, {whom}, in the system's keyring"
    if entry.variable is None:
        return f"{entry.name}, {whom}, in {surroundings.config_folder / CREDENTIALS_FILE}"
    return f"{entry.name}, {whom}, in the variable {entry.shown_variable}"
