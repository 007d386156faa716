from pathlib import Path

import pytest
from command import Agentos
from keyring.errors import KeyringLocked
from keyrings import MemoryKeyring
from stored_credentials import KEY, OTHER


def test_nothing_is_told_with_what_to_type(credentials: Agentos) -> None:
    code, output = credentials("list")
    assert code == 0
    assert output == (
        "There is no credential, and the embedded model needs none. To store a key:\n"
        "  agentos credentials add openai\n"
    )


def test_each_entry_has_its_own_state(
    credentials: Agentos,
    file: Path,
    project: Path,
    memory: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "ci:CI_KEY:gemini")
    monkeypatch.setenv("AGENTOS_DRAFTER", "openai/x")
    monkeypatch.setenv("BAD", f"Bearer {KEY}")
    monkeypatch.setenv("FREE", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", OTHER)
    monkeypatch.setenv("AGENTOS_CREDENTIAL_LIMIT", "6")
    (project / "agentos.toml").write_text('[[credential]]\nname = "theirs"\nenv = "T"\n')
    memory.items["agentos", "there"] = KEY
    file.parent.mkdir(parents=True)
    file.write_text(
        '[[credential]]\nname = "there"\nprovider = "openai"\nkeyring = true\n'
        "max_concurrent = 2\n"
        '[[credential]]\nname = "lost"\nprovider = "openai"\nkeyring = true\n'
        '[[credential]]\nname = "bad"\nprovider = "openai"\nenv = "BAD"\n'
        '[[credential]]\nname = "free"\nenv = "FREE"\n'
        f'[[credential]]\nname = "gone"\nprovider = "opnai"\nsecret = "{KEY}"\n'
    )
    file.chmod(0o600)
    code, output = credentials("list")
    assert code == 0
    rows = [[cell.strip() for cell in line.split("  ") if cell] for line in output.split("\n")]
    assert rows[:8] == [
        ["NAME", "PROVIDER", "QUOTA DOMAIN", "SLOTS", "KEY", "STATE"],
        [
            *("ci", "gemini", "ci", "as -j", "variable CI_KEY (AGENTOS_CREDENTIALS)"),
            "the variable CI_KEY is not set or empty",
        ],
        ["there", "openai", "there", "2", "the system's keyring", "ready"],
        [
            *("lost", "openai", "lost", "as -j", "the system's keyring"),
            "the system's keyring has no key of that name",
        ],
        [
            *("bad", "openai", "bad", "as -j", "variable BAD (credentials.toml)"),
            "the secret holds a space, a line break or a letter that no key has",
        ],
        [
            *("free", "free", "as -j", "variable FREE (credentials.toml)"),
            "names no provider: serves embedded only",
        ],
        [
            *("gone", "opnai", "gone", "as -j", "credentials.toml"),
            "no provider is called opnai",
        ],
        [
            *("ANTHROPIC_API_KEY", "anthropic", "ANTHROPIC_API_KEY", "as -j"),
            *("variable ANTHROPIC_API_KEY", "beyond AGENTOS_CREDENTIAL_LIMIT"),
        ],
    ]
    assert rows[8] == [
        *("theirs", "theirs", "as -j", "variable T (the project's config)"),
        "the project is not trusted",
    ]
    assert f"credentials.toml is {file}" in output
    assert "store the key: agentos credentials add lost --replace" in output
    assert f"agentos config trust --project {project}" in output

    file.chmod(0o644)
    code, output = credentials("list")
    assert code == 0
    assert "its file is open to other users" in output
    assert f"type: chmod 600 {file}" in output

    memory.fault = KeyringLocked(KEY)
    code, output = credentials("list")
    assert code == 0
    assert output.count("the system's keyring cannot be read (KeyringLocked)") == 2


def test_two_of_one_name_are_told_of_both(
    credentials: Agentos, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials("add", "openai", stdin=KEY.encode())
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "openai:A_KEY")
    monkeypatch.setenv("A_KEY", KEY)
    assert credentials("list")[1].count("another is called the same") == 2
    assert credentials("remove", "openai")[0] == 0


def test_a_key_in_the_place_of_a_variable_is_not_shown(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTOS_CREDENTIALS", f"mine:{KEY}:openai")
    code, output = credentials("list")
    assert code == 0
    assert "the variable that it names is not set or empty" in output
