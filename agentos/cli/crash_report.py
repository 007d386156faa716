"""An error of our own: the traceback goes to a file, not to the user's screen."""

import contextlib
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from agentos import __version__
from agentos.core.errors import AgentosError
from agentos.core.masking import SHORTEST_SECRET, Masker
from agentos.core.paths import user_state_folder
from agentos.vault.handled import handled


def write_crash_report(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    """Write what a maintainer needs, without secrets, readable by its owner only.

    None where nothing can be written.
    """
    text = "\n".join(
        [
            f"agentos {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"arguments: {sys.argv[1:]}",
            "".join(traceback.format_exception(error)),
        ]
    )
    data = _masker(environ).mask(text).encode("utf-8", "backslashreplace")
    for folder in _folders(environ):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd, name = tempfile.mkstemp(prefix="agentos-crash-", suffix=".txt", dir=folder)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
        except OSError:
            continue
        return Path(name)
    return None


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    with contextlib.suppress(AgentosError):
        yield user_state_folder(environ)
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())


def _masker(environ: Mapping[str, str]) -> Masker:
    try:
        from agentos.cli.known_secrets import all_secrets  # noqa: PLC0415 - may be what is broken

        return Masker(all_secrets(environ))
    except Exception:  # noqa: BLE001 - this is the last thing that may fail
        # What the secrets are is not known: no value of the environment is shown.
        values = (value for value in environ.values() if len(value) >= SHORTEST_SECRET)
        return Masker([*values, *handled()])
