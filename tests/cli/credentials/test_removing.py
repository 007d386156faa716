from pathlib import Path

import pytest
from command import Agentos
from keyrings import MemoryKeyring
from stored_credentials import KEY, entries

from agentos.cli import main


def test_it_is_gone_from_file_and_keyring(
    credentials: Agentos, file: Path, memory: MemoryKeyring
) -> None:
    credentials("add", "openai", stdin=KEY.encode())
    code, output = credentials("remove", "openai")
    assert (code, output) == (
        0,
        f"Removed openai from {file} and the system's keyring (Memory).\n",
    )
    assert memory.items == {}
    assert entries(file) == []


def test_what_is_not_stored_is_told_with_what_to_do(
    credentials: Agentos, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "ci:CI_KEY:gemini")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (project / "agentos.toml").write_text('[[credential]]\nname = "ours"\nenv = "T"\n')
    main.run(["config", "trust"])
    for name, hint in (
        ("ci", "take ci out of AGENTOS_CREDENTIALS"),
        ("ours", "take ours out of the project's config"),
        ("OPENAI_API_KEY", "unset OPENAI_API_KEY"),
        ("ourz", "is ours meant?"),
        ("another", "agentos credentials list shows"),
        ("no such name", "there is no credential\n"),
    ):
        code, output = credentials("remove", name)
        assert code == 2
        assert hint in output


def test_a_file_that_holds_something_else_is_named(credentials: Agentos, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("credential = 7\n")
    file.chmod(0o600)
    code, output = credentials("remove", "openai")
    assert code == 2
    assert f"{file}: credentials are written as [[credential]] tables" in output


def test_an_environment_that_is_wrong_holds_up_nothing(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials("add", "openai", stdin=KEY.encode())
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "broken")
    assert credentials("remove", "openai")[0] == 0
    assert "there is no credential openai" in credentials("remove", "openai")[1]
