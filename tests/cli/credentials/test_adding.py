import os
from pathlib import Path

import pytest
from command import Agentos
from keyring.errors import KeyringLocked
from keyrings import MemoryKeyring
from stored_credentials import KEY, OTHER, entries

from agentos.cli import main
from agentos.cli.credentials import adding
from agentos.core.installation import install_command


def test_without_a_keyring_it_goes_into_the_file(credentials: Agentos, file: Path) -> None:
    code, output = credentials("add", "openai", stdin=KEY.encode() + b"\n")
    assert code == 0, output
    assert entries(file) == [{"name": "openai", "provider": "openai", "secret": KEY}]
    assert output == (
        f"Stored openai, for openai, in {file} (mode 600), because this system has no keyring"
        " that could be used.\nTry it: agentos credentials test openai --model openai/NAME\n"
    )


def test_without_the_extra_it_is_said_how_to_get_it(
    credentials: Agentos, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "is_installed", lambda: False)
    code, output = credentials("add", "openai", stdin=KEY.encode())
    assert code == 0
    how = install_command("keyring>=25")
    assert f"in {file} (mode 600); for the system's keyring, type: {how}." in output


def test_what_is_needed_to_use_the_key_is_said_before_how_to_try_it(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentos.models.catalog.missing_package", lambda one: one.requirement)
    code, output = credentials("add", "openai", stdin=KEY.encode())
    assert code == 0
    _, package, trial = output.splitlines()
    assert package == (
        "openai needs a package that is missing or of another version; type: "
        + install_command("openai>=3,<4")
    )
    assert trial.startswith("Try it: ")


def test_with_a_keyring_it_goes_there(
    credentials: Agentos, file: Path, memory: MemoryKeyring
) -> None:
    code, output = credentials(
        *("add", "team", "--provider", "openai", "--max-concurrent", "3"),
        stdin=KEY.encode() + b"\r\n",
    )
    assert code == 0, output
    assert memory.items == {("agentos", "team"): KEY}
    assert entries(file) == [
        {"name": "team", "provider": "openai", "max_concurrent": 3, "keyring": True}
    ]
    assert f"in the system's keyring (Memory), and listed in {file}." in output


def test_the_file_can_be_asked_for(credentials: Agentos, file: Path, memory: MemoryKeyring) -> None:
    credentials("add", "openai", "--store", "file", stdin=KEY.encode())
    assert entries(file)[0]["secret"] == KEY
    assert memory.items == {}


def test_a_keyring_that_was_asked_for_has_to_be_there(credentials: Agentos, file: Path) -> None:
    code, output = credentials("add", "openai", "--store", "keyring", stdin=KEY.encode())
    assert code == 2
    assert "this system has no keyring that could be used" in output
    assert not file.exists()


def test_a_keyring_that_fails_stores_nothing(
    credentials: Agentos, file: Path, memory: MemoryKeyring
) -> None:
    memory.fault = KeyringLocked(KEY)
    code, output = credentials("add", "openai", stdin=KEY.encode())
    assert code == 2
    assert "the system's keyring cannot be read (KeyringLocked)" in output
    assert entries(file) == []


def test_a_variable_is_written_down_and_no_key_asked_for(credentials: Agentos, file: Path) -> None:
    code, output = credentials("add", "ci", "--env", "OPENAI_API_KEY", stdin=None)
    assert code == 0, output
    assert entries(file) == [{"name": "ci", "provider": "openai", "env": "OPENAI_API_KEY"}]
    assert "its key is in the variable OPENAI_API_KEY, which is not set now." in output


def test_a_program_has_keys_too(credentials: Agentos, file: Path) -> None:
    code, output = credentials("add", "tool", "--provider", "command/claude", stdin=b"x" * 20)
    assert code == 0, output
    assert entries(file)[0]["provider"] == "command/claude"
    assert output.endswith("Try it: agentos credentials test tool\n")


def test_it_is_said_that_a_variable_does_not_count_any_more(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OTHER)
    code, output = credentials("add", "team", "--provider", "openai", stdin=KEY.encode())
    assert code == 0
    assert "OPENAI_API_KEY is set and does not count any more." in output
    assert credentials("add", "openai-2", "--env", "OPENAI_API_KEY")[0] == 0
    assert "ready" in credentials("list")[1].splitlines()[2]


def test_a_replaced_one_keeps_what_is_not_said_anew(
    credentials: Agentos, file: Path, memory: MemoryKeyring
) -> None:
    credentials("add", "a", "--provider", "openai", "--max-concurrent", "3", stdin=b"x" * 9)
    code, output = credentials("add", "a", stdin=KEY.encode())
    assert code == 2
    assert f"{file} has a credential a already" in output
    assert "--replace" in output

    assert credentials("add", "a", "--replace", stdin=KEY.encode())[0] == 0
    assert memory.items == {("agentos", "a"): KEY}
    kept = {"name": "a", "provider": "openai", "max_concurrent": 3}
    assert entries(file) == [kept | {"keyring": True}]

    memory.fault = KeyringLocked()
    code, output = credentials("add", "a", "--replace", "--env", "A_KEY")
    assert code == 0
    assert "But the former key of a is still in the system's keyring" in output
    assert entries(file) == [kept | {"env": "A_KEY"}]


def test_there_is_nothing_to_replace_the_first_time(credentials: Agentos, file: Path) -> None:
    assert credentials("add", "openai", "--replace", stdin=KEY.encode())[0] == 0
    assert len(entries(file)) == 1


@pytest.mark.parametrize("replace", [[], ["--replace"]])
def test_a_name_of_another_place_is_not_taken(
    credentials: Agentos,
    file: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    replace: list[str],
) -> None:
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "openai:A_KEY")
    (project / "agentos.toml").write_text('[[credential]]\nname = "gemini"\nenv = "G"\n')
    assert main.run(["config", "trust"]) == 0

    code, output = credentials("add", "openai", *replace, stdin=KEY.encode())
    assert code == 2
    assert "already, which is not stored: AGENTOS_CREDENTIALS, element 1" in output
    assert "take openai out of AGENTOS_CREDENTIALS" in output
    code, output = credentials("add", "gemini", *replace, stdin=KEY.encode())
    assert code == 2
    assert "take gemini out of the project's config" in output
    code, output = credentials("add", "OPENAI_API_KEY", *replace, stdin=KEY.encode())
    assert code == 2
    assert "type: agentos credentials add openai --env OPENAI_API_KEY" in output
    assert not file.exists()


def test_a_project_whose_config_is_broken_is_in_nobodys_way(
    credentials: Agentos, project: Path
) -> None:
    (project / "agentos.toml").write_text("what = \n")
    assert credentials("add", "openai", stdin=KEY.encode())[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x"], "it is not known whose key x is"),
        (["x", "--provider", "opnai"], "is openai meant? there are: anthropic, gemini, openai"),
        (["x", "--provider", "embedded"], "no such provider that takes a key"),
        (["x", "--provider", "command"], "no such provider that takes a key"),
        (["x", "--provider", "command/NAME"], "no such provider that takes a key"),
        (["x", "--provider", "a b"], "provider must be a name"),
        (["a b", "--provider", "openai"], "its name is not safe to print"),
        (["openai", "--env", "lower"], "--env takes the name of a variable, in capital"),
        (["openai", "--env", "A", "--store", "file"], "--env stores no key"),
        (["openai", "--max-concurrent", "0"], "0 is not in the range"),
        (["openai", "--providr", "openai"], "Did you mean '--provider'?"),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_meant_is_told(
    credentials: Agentos, file: Path, arguments: list[str], said: str
) -> None:
    code, output = credentials("add", *arguments, stdin=KEY.encode())
    assert code == 2
    assert said in output
    assert not file.exists()


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (None, "there is no stdin to read the key from"),
        (b"", "no key was given"),
        (b"\n", "no key was given"),
        (KEY.encode() + b"\n" + OTHER.encode(), "that is more than one line"),
        (KEY.encode() + b"\n\n", "that is more than one line"),
        (b"Bearer " + KEY.encode(), "the secret holds a space"),
        (KEY.encode() + "é".encode(), "a letter that no key has"),
        (KEY.encode() + b"\xff", "a letter that no key has"),
        (KEY.encode() + b"\x1b[A", "a letter that no key has"),
        (KEY.encode() * 1000, "that is longer than any key, 16,384 bytes"),
    ],
)
def test_what_can_be_no_key_is_not_stored(
    credentials: Agentos,
    file: Path,
    memory: MemoryKeyring,
    stdin: bytes | None,
    said: str,
) -> None:
    code, output = credentials("add", "openai", stdin=stdin)
    assert code == 2
    assert said in output
    assert not file.exists()
    assert memory.items == {}


def test_a_stdin_that_cannot_be_read_is_told(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int, _size: int) -> bytes:
        raise OSError(5, "broken")

    monkeypatch.setattr(os, "read", broken)
    code, output = credentials("add", "openai")
    assert code == 2
    assert "stdin cannot be read" in output


def test_quota_and_limits_are_written_down_and_kept_by_replace(
    credentials: Agentos, file: Path
) -> None:
    limits = ("--rpm", "50", "--tpm", "4000", "--input-tpm", "3000", "--output-tpm", "1000")
    code, output = credentials("add", "openai", "--quota", "org", *limits, stdin=KEY.encode())
    assert code == 0, output
    known = {"quota": "org", "rpm": 50, "tpm": 4000, "input_tpm": 3000, "output_tpm": 1000}
    assert entries(file) == [{"name": "openai", "provider": "openai", **known, "secret": KEY}]
    code, output = credentials("add", "openai", "--replace", "--rpm", "60", stdin=OTHER.encode())
    assert code == 0, output
    known["rpm"] = 60
    assert entries(file) == [{"name": "openai", "provider": "openai", **known, "secret": OTHER}]


def test_what_contradicts_another_key_of_the_quota_is_not_stored(
    credentials: Agentos, file: Path
) -> None:
    credentials("add", "openai", "--quota", "org", "--rpm", "50", stdin=KEY.encode())
    before = file.read_text()
    code, output = credentials(
        *("add", "b", "--provider", "openai", "--quota", "org", "--rpm", "60"), stdin=OTHER.encode()
    )
    assert (code, file.read_text()) == (2, before)
    assert "share the quota org and say rpm = 50 and 60" in output
