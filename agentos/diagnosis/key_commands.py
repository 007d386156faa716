"""What to type so that a credential has its key. A key is asked for, never typed into a command."""

from collections.abc import Collection, Sequence
from pathlib import Path

from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import CREDENTIALS_FILE, CREDENTIALS_VARIABLE
from agentos.diagnosis.access import is_readable, opened
from agentos.diagnosis.surroundings import Surroundings
from agentos.vault.system_keyring import REQUIREMENT, is_installed

_UNSET = f"unset {CREDENTIALS_VARIABLE}"


def stored_key(surroundings: Surroundings, account: str, taken: Collection[str]) -> str:
    """Store a key for a provider or a command's model, under a name that is free."""
    plain = account.rpartition("/")[2]
    names = (plain, *(f"{plain}-{n}" for n in range(2, len(taken) + 3)))
    name = next(name for name in names if name not in taken)
    return surroundings.agentos("credentials", "add", name, "--provider", account, in_project=False)


def stored_again(
    surroundings: Surroundings, entry: CredentialEntry, providers: Collection[str]
) -> str:
    """Give an entry the key that it speaks of and that is not there, or cannot be used."""
    if entry.exposed:
        return f"chmod 600 {surroundings.word(entry.exposed)}"
    if entry.in_keyring and not is_installed():
        return surroundings.installation.install(REQUIREMENT)
    if entry.origin is Origin.FILE:
        return _replaced(surroundings, entry, providers)
    if entry.shown_variable == entry.variable:
        return another_variable(entry)
    # What stands in the variable's place may be a key: it is not repeated.
    stored = stored_key(surroundings, entry.provider or entry.name, ())
    return f"{_UNSET} && {stored}" if entry.origin is Origin.ENVIRONMENT else ""


def another_variable(entry: CredentialEntry) -> str:
    """Put a key into the variable that the entry names, unseen; for bash and zsh."""
    return f"read -rs {entry.shown_variable} && export {entry.shown_variable}"


def one_less(surroundings: Surroundings, same: Sequence[CredentialEntry]) -> str:
    """Take away one of several entries of one name."""
    origins = [entry.origin for entry in same]
    if origins.count(Origin.FILE) > 1:
        return surroundings.edit(surroundings.config_folder / CREDENTIALS_FILE)
    if Origin.FILE in origins:
        return surroundings.agentos("credentials", "remove", same[0].name, in_project=False)
    return _UNSET if Origin.ENVIRONMENT in origins else ""


def mended_place(surroundings: Surroundings, origin: Origin, project_file: Path) -> str:
    """Mend the place of entries that cannot be read."""
    if origin is Origin.ENVIRONMENT:
        return _UNSET
    path = project_file
    if origin is Origin.FILE:
        path = surroundings.config_folder / CREDENTIALS_FILE
    if not is_readable(path):
        return opened(surroundings, path)
    return surroundings.edit(path)


def _replaced(
    surroundings: Surroundings, entry: CredentialEntry, providers: Collection[str]
) -> str:
    if entry.provider is None:  # it lets the embedded model run, which needs none
        return surroundings.agentos("credentials", "remove", entry.name, in_project=False)
    if entry.provider.partition("/")[0] not in providers:
        return surroundings.edit(surroundings.config_folder / CREDENTIALS_FILE)
    words = ("credentials", "add", entry.name, "--provider", entry.provider, "--replace")
    return surroundings.agentos(*words, in_project=False)
