"""Git repositories for tests: no config of the tester's own, and an author that is made up."""

import os
from pathlib import Path

from built_package import run

GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@localhost",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@localhost",
}


def git(root: Path, *arguments: str) -> str:
    """Run git there; gives what it printed."""
    return run("git", *arguments, cwd=root, **GIT_ENVIRONMENT)


def commit(root: Path, message: str) -> None:
    """Commit all that is there."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)
