import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import keyring.core
import pytest
from command import Agentos
from keyrings import MemoryKeyring
from stored_credentials import KEY, OTHER

from agentos.cli import main


@pytest.fixture
def file(own_home: Path) -> Path:
    return own_home / "config" / "agentos" / "credentials.toml"


@pytest.fixture
def credentials(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Agentos]:
    """`agentos credentials ...` in the project; nothing that it ever says holds a key."""
    monkeypatch.chdir(project)
    with ExitStack() as opened:

        def run(*arguments: str, stdin: bytes | None = b"") -> tuple[int, str]:
            typed = project.parent / "stdin"
            typed.write_bytes(stdin or b"")
            stream = None if stdin is None else opened.enter_context(typed.open())
            monkeypatch.setattr(sys, "stdin", stream)
            code = main.run(["credentials", *arguments])
            said = capsys.readouterr()
            output = said.out + said.err
            assert KEY not in output
            assert OTHER not in output
            return code, output

        yield run


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """None was found yet by the library, which remembers."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
