"""A TOML file as data, or one sentence that says what is wrong and repeats nothing of it."""

import os
import re
import stat
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from agentos.core.errors import ConfigError

_MOST_BYTES = 1_000_000


def parse_toml(data: bytes, name: str) -> dict[str, Any]:
    """The content, numbers with a point as Decimal; raises ConfigError."""
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        # Only the place is repeated: the parser may quote what it could not read.
        place = re.search(r"at line \d+, column \d+", str(error))
        sentence = f"{name} is not valid TOML {place[0] if place else 'at its end'}"
    except UnicodeDecodeError:
        sentence = f"{name} is not UTF-8"
    except RecursionError:
        sentence = f"{name} is nested too deeply"
    except (ValueError, ArithmeticError):
        sentence = f"{name} holds a number of too many digits"
    raise ConfigError(sentence)


def read_config_file(path: Path) -> tuple[bytes | None, bool]:
    """The file's bytes, None if there is none, and whether its owner alone may open it.

    Raises ConfigError for what cannot be read.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ConfigError(f"{path} is not a file")
            content = file.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None, True
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{path} is larger than any config, {_MOST_BYTES:,} bytes")
    return content, not stat.S_IMODE(mode) & 0o077


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # does not wait for the writer of a pipe
