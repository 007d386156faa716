"""The keyring of the system: macOS' Keychain, the Secret Service of GNOME, KDE's wallet.

The library `keyring` knows them. It is an extra, slow to import, and imports what other packages
bring for it, so it is imported when a secret is to be read or written. What it raises is not
repeated: nobody knows what a back end puts into its messages.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from agentos.core.errors import ConfigError, Hint
from agentos.core.installation import install_command
from agentos.vault.handled import remember

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "agentos"
"""What all entries lie under; the user's name of an entry is the credential's."""

REQUIREMENT = "keyring>=25"

_LEAST_PRIORITY = 1
"""Below are back ends that hold nothing, or hold it as plain text."""

_MOST_CHARACTERS = 16 * 1024

_ELSEWHERE = (
    "unlock it and try again; where nobody can, as in CI, keep the key in a variable:"
    " agentos credentials add NAME --env VARIABLE --replace"
)


class SystemKeyring:
    """One back end. Its methods raise ConfigError, without any secret in it."""

    def __init__(self, backend: "KeyringBackend") -> None:
        self._backend = backend

    @property
    def label(self) -> str:
        """What people know it by, such as `SecretService Keyring`."""
        with _told("described"):
            return str(self._backend.name)

    def read(self, name: str) -> str | None:
        """The secret of a credential, None if there is none."""
        with _told("read"):
            secret: object = self._backend.get_password(SERVICE, name)
        if secret is None:
            return None
        if not isinstance(secret, str) or len(secret) > _MOST_CHARACTERS:
            raise ConfigError(
                f"what the system's keyring holds for {name} can be no key",
                f"put one there: agentos credentials add {name} --replace",
            )
        if secret:
            remember(secret)
        return secret

    def write(self, name: str, secret: str) -> None:
        """Put it there, in the place of an earlier one, and see that it is there."""
        with _told("written"):
            self._backend.set_password(SERVICE, name, secret)
        if self.read(name) != secret:
            raise ConfigError("the system's keyring did not keep the key", _ELSEWHERE)

    def remove(self, name: str) -> None:
        """Take it away; that there is none is fine."""
        with _told("changed"):
            if self._backend.get_password(SERVICE, name) is not None:
                self._backend.delete_password(SERVICE, name)


def is_installed() -> bool:
    """Whether the extra is; if so, there need not be a keyring yet."""
    return find_spec("keyring") is not None


def open_keyring() -> SystemKeyring:
    """The keyring that this user has; raises ConfigError that says why there is none."""
    # A plugin that cannot be loaded would be told with a traceback.
    logging.getLogger("keyring").addHandler(logging.NullHandler())
    try:
        import keyring  # noqa: PLC0415 - slow, and an extra
    except ImportError:
        raise ConfigError(
            "the package keyring is not installed",
            Hint("", f"type: {install_command(REQUIREMENT)}"),
        ) from None
    with _told("found"):
        backend = _first_usable(keyring.get_keyring())
    if backend is None:
        raise ConfigError("this system has no keyring that could be used", _ELSEWHERE)
    return SystemKeyring(backend)


def read_secret(name: str) -> str | None:
    """What the keyring holds for a credential, None if nothing; raises ConfigError."""
    return open_keyring().read(name)


def asked_once(read: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """The same reader, which remembers what it found: a keyring may ask a person each time."""

    @cache
    def found(name: str) -> tuple[str | None, ConfigError | None]:
        try:
            return read(name), None
        except ConfigError as error:  # a person who said no is not asked again either
            return None, error

    def read_once(name: str) -> str | None:
        secret, error = found(name)
        if error is not None:
            raise error
        return secret

    return read_once


def _first_usable(backend: "KeyringBackend") -> "KeyringBackend | None":
    """The back end itself; of a chain, the one that is asked first."""
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415 - as above

    chain = backend.backends if isinstance(backend, ChainerBackend) else [backend]
    return next((one for one in chain if one.priority >= _LEAST_PRIORITY), None)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a back end is anybody's, and may raise anything
        raise ConfigError(
            f"the system's keyring cannot be {what} ({type(error).__name__})", _ELSEWHERE
        ) from None
