"""The user's `credentials.toml`: closed to others from its first byte, changed by one at a time."""

import fcntl
import os
import shlex
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agentos.core.config.credential_places import CREDENTIALS_FILE, tables_of
from agentos.core.config.toml_files import parse_toml, read_config_file
from agentos.core.errors import ConfigError, Hint, LockedError
from agentos.core.files import replace_file

LOCK_TIMEOUT = 10.0
"""Seconds; a keyring that asks a person to unlock it is what takes longer than milliseconds."""

_POLL = 0.05


class CredentialsFile:
    """The file in the user's config folder, which need not be there yet."""

    def __init__(self, config_folder: Path) -> None:
        self.path = config_folder / CREDENTIALS_FILE

    @contextmanager
    def locked(
        self,
        timeout: float = LOCK_TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[None]:
        """Keep other commands from changing it for the block.

        What is locked is its folder, made if it has to be: that leaves no lock file behind.
        Raises LockedError after `timeout` seconds of waiting, ConfigError for a folder that cannot
        be used.
        """
        folder = self.path.parent
        with _told(folder, "be used"):
            _make_private(folder)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for _ in range(max(1, round(timeout / _POLL))):
                with suppress(BlockingIOError), _told(folder, "be locked"):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                sleep(_POLL)
            else:
                raise LockedError(
                    f"another agentos has been changing {self.path} for {timeout:g} s",
                    "wait for it to end, or stop it, then try again",
                )
            yield
        finally:
            os.close(descriptor)

    def read(self) -> str:
        """What it says, empty if it is not there; raises ConfigError for what cannot be changed."""
        if self.path.is_symlink():
            raise ConfigError(
                f"{self.path} is a symlink, which would be replaced",
                f"change the file that it leads to: {self.path.resolve()}",
            )
        content, _ = read_config_file(self.path)
        if content is None:
            return ""
        tables_of(parse_toml(content, str(self.path)), self.path)
        return content.decode("utf-8-sig")

    def check_private(self) -> None:
        """Raise ConfigError while others may open it: what is stored there could be read."""
        _, is_private = read_config_file(self.path)
        if not is_private:
            raise ConfigError(
                f"{self.path} is open to other users",
                Hint("", f"type: chmod 600 {shlex.quote(str(self.path))}"),
            )

    def write(self, text: str) -> None:
        """Give it another content; raises ConfigError, and then it is as it was."""
        with _told(self.path, "be written"):
            replace_file(self.path, text.encode(), mode=0o600)


def _make_private(folder: Path) -> None:
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as error:
        raise ConfigError(f"{path} cannot {what}: {error.strerror}") from None
