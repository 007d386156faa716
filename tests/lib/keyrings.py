"""Back ends for the library `keyring`: one in memory, and one that processes can share."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

SHARED = "keyrings.SharedKeyring"
"""What PYTHON_KEYRING_BACKEND has to say, with this folder on PYTHONPATH."""

SHARED_FILE = "AGENTOS_TESTS_KEYRING"
"""The variable that names the file which the processes share."""


class MemoryKeyring(KeyringBackend):
    """Secrets by service and name. With `fault` everything raises it."""

    priority = 0.5  # never found by itself, only where a test hands it in
    name = "Memory"

    def __init__(self, fault: Exception | None = None, *, rank: float = 5) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # so is the library
        self.items: dict[tuple[str, str], str] = {}
        self.fault = fault
        self.priority = rank

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.items.pop((service, username), None) is None:
            raise PasswordDeleteError("there is none")

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault


class SharedKeyring(KeyringBackend):
    """Holds its items in a file, which stands for the daemon of a real one.

    What is in the file is XORed, so that a search for a secret in files does not find this one.
    """

    priority = 5
    name = "Shared"

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._read() | {f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        items = self._read()
        if items.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(items)

    @property
    def _path(self) -> Path:
        return Path(os.environ[SHARED_FILE])

    def _read(self) -> dict[str, str]:
        if self._path.with_suffix(".locked").exists():
            raise KeyringLocked("nobody unlocked it")
        if not self._path.exists():
            return {}
        items: dict[str, str] = json.loads(_hidden(self._path.read_bytes()))
        return items

    def _write(self, items: dict[str, str]) -> None:
        self._path.write_bytes(_hidden(json.dumps(items).encode()))


def _hidden(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)
