"""Credentials stored and taken away: the file and the keyring say the same, whatever fails.

Every stored credential has an entry in the file, since a keyring cannot be listed. A keyring is
changed first where something is added or removed, so that what fails there leaves the file as it
is; if the file then cannot be written, the keyring is put back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agentos.core.errors import AgentosError, ConfigError, UsageError
from agentos.vault.credentials_file import CredentialsFile
from agentos.vault.entry_tables import Entry, entry_called, names_in, with_entry, without_entry
from agentos.vault.system_keyring import SERVICE, SystemKeyring, open_keyring


class Vault:
    """What one user has stored in a config folder and in the system's keyring."""

    def __init__(
        self, config_folder: Path, open_keyring: Callable[[], SystemKeyring] = open_keyring
    ) -> None:
        self._file = CredentialsFile(config_folder)
        self._open_keyring = open_keyring

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def add(
        self,
        name: str,
        settings: Entry,
        *,
        variable: str = "",
        secret: str = "",
        keyring: SystemKeyring | None = None,
        replace: bool = False,
    ) -> str:
        """Write an entry down, with the name of a variable or with a secret.

        The secret goes into `keyring`, into the file if that is None. `settings` are provider,
        quota and limits. Returns what could not be done, for people; mostly that is empty. Raises
        AgentosError, and then nothing is changed.
        """
        with self._file.locked():
            text = self._file.read()
            self._file.check_private()
            former = entry_called(name, text)
            if former and not replace:
                raise taken(name, str(self.path))
            if variable:
                new = with_entry(text, {"name": name, **settings, "env": variable})
                self._file.write(new)
            elif keyring is None:
                self._file.write(with_entry(text, {"name": name, **settings, "secret": secret}))
            else:
                new = with_entry(text, {"name": name, **settings, "keyring": True})
                with _kept_in(keyring, name, secret):
                    self._file.write(new)
                return ""
            return self._forget(name) if former and former.get("keyring") else ""

    def names(self) -> list[str]:
        """The credentials that are stored; raises ConfigError for a file that cannot be read."""
        return names_in(self._file.read())

    def remove(self, name: str) -> str | None:
        """Take an entry away, and its key with it; returns where that was, for people.

        None if there is no such entry. Raises AgentosError, and then the entry is still there.
        """
        if name not in self.names():
            return None
        with self._file.locked():
            text = self._file.read()
            entry = entry_called(name, text)
            if entry is None:
                return None
            new = without_entry(text, name)
            if not entry.get("keyring"):
                self._file.write(new)
                return str(self.path)
            keyring = self._opened(name)
            where = f"{self.path} and the system's keyring ({keyring.label})"
            with _kept_in(keyring, name, None):
                self._file.write(new)
            return where

    def _opened(self, name: str) -> SystemKeyring:
        try:
            return self._open_keyring()
        except ConfigError as error:
            raise ConfigError(
                f"the key of {name} is in the system's keyring, and {error}",
                f"{error.hint}; or take the entry out of {self.path} by hand, and the key out of"
                f" the keyring, where it is called {SERVICE}",
            ) from None

    def _forget(self, name: str) -> str:
        """Take away the key that an entry had in the keyring before it was replaced."""
        try:
            self._open_keyring().remove(name)
        except ConfigError as error:
            return f"the former key of {name} is still in the system's keyring: {error}"
        return ""


def taken(name: str, where: str) -> UsageError:
    """The refusal of a name that the file has already."""
    return UsageError(
        f"{where} has a credential {name} already",
        "choose another name, or put this one in its place: --replace",
    )


@contextmanager
def _kept_in(keyring: SystemKeyring, name: str, secret: str | None) -> Iterator[None]:
    """Have the secret there, or none; if the block fails, what was there before."""
    before = keyring.read(name)
    try:
        _put(keyring, name, secret)
        yield
    except BaseException:
        with suppress(AgentosError):
            _put(keyring, name, before)
        raise


def _put(keyring: SystemKeyring, name: str, secret: str | None) -> None:
    if secret is None:
        keyring.remove(name)
    else:
        keyring.write(name, secret)
