"""The environment of a command: what programs need to run, what it asked for, and its own key."""

import os
from collections.abc import Mapping

from agentos.core.model_settings import CommandSettings

_NEEDED = frozenset(
    ("HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
)
_PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy", "no_proxy"))  # in either case


def program_environment(
    environ: Mapping[str, str], command: CommandSettings, secret: str | None
) -> dict[str, str]:
    """All that the program gets of `environ`, and `secret` in its key variable if it has one."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in _NEEDED
        or name.startswith("LC_")
        or name.lower() in _PROXIES
        or name in command.keep
    }
    kept |= {"PATH": search_path(environ), "TERM": "dumb", "NO_COLOR": "1"}
    if command.key_variable and secret is not None:
        kept[command.key_variable] = secret
    return kept


def search_path(environ: Mapping[str, str]) -> str:
    """PATH without its relative entries, by which a project could bring in its own programs."""
    entries = environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(filter(os.path.isabs, entries))
