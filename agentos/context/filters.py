"""Which paths of a project are no business of a model's."""

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

_FOLDERS = ("__pycache__", "node_modules", "venv", "site-packages", "htmlcov", "*.egg-info")
_OURS = (("docs", "lld"), ("docs", "lineage"), ("issues",), ("ideas",))
_SECRETS = (
    ".env*",
    "*.env",
    "env.*",
    "*.tfstate*",
    "*.tfvars*",
    "kubeconfig*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "*.gpg",
    "*.asc",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".npmrc",
    ".pypirc",
    ".htpasswd",
    ".git-credentials",
    "*service?account*.json",
    "client_secret*",
)
_SECRET_UNLESS_CODE = ("*credential*", "*secret*", "*password*", "*passwd*")
_CODE_SUFFIX = re.compile(r"\.(c|cpp|cs|go|h|java|jsx?|kt|php|pyi?|rb|rs|swift|tsx?)")


def is_secret(name: str) -> bool:
    """Whether a file of this name is never read, because it may hold a key or a password."""
    folded = name.casefold()
    if any(fnmatch(folded, pattern) for pattern in _SECRETS):
        return True
    if is_code(folded):  # credentials.py is a module, not a key
        return False
    return any(fnmatch(folded, pattern) for pattern in _SECRET_UNLESS_CODE)


def is_code(name: str) -> bool:
    """Whether a file of this name is source code."""
    return _CODE_SUFFIX.fullmatch(PurePosixPath(name.casefold()).suffix) is not None


def is_skipped_folder(parts: Sequence[str]) -> bool:
    """Whether a folder, given by its parts below the project, holds no code of the project."""
    name = parts[-1]
    if name.startswith(".") or tuple(parts) in _OURS:
        return True
    return any(fnmatch(name.casefold(), pattern) for pattern in _FOLDERS)
