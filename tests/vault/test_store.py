import errno
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keyring.errors import KeyringLocked
from keyrings import MemoryKeyring

from agentos.core.errors import AgentosError, ConfigError, UsageError
from agentos.vault.store import Vault
from agentos.vault.system_keyring import SystemKeyring, open_keyring

OLD, NEW = "sk-made-up-old-000000", "sk-made-up-new-111111"
FOR_OPENAI = {"provider": "openai"}
ITEM = ("agentos", "team")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


@pytest.fixture
def ring(memory: MemoryKeyring) -> SystemKeyring:
    return open_keyring()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fill() -> None:
        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)

    return fill


def entries(vault: Vault) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(vault.path.read_text())["credential"]
    return found


def test_a_secret_goes_into_the_file_where_no_keyring_is_given(vault: Vault) -> None:
    assert vault.add("team", FOR_OPENAI | {"max_concurrent": 2}, secret=NEW) == ""
    assert entries(vault) == [
        {"name": "team", "provider": "openai", "max_concurrent": 2, "secret": NEW}
    ]


def test_a_secret_in_the_keyring_is_listed_in_the_file(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)
    assert entries(vault) == [{"name": "team", "provider": "openai", "keyring": True}]
    assert memory.items == {ITEM: NEW}
    assert NEW not in vault.path.read_text()


def test_the_name_of_a_variable_asks_for_no_keyring(tmp_path: Path) -> None:
    vault = Vault(tmp_path, lambda: pytest.fail("it was opened"))
    vault.add("ci", FOR_OPENAI, variable="CI_KEY")
    assert entries(vault) == [{"name": "ci", "provider": "openai", "env": "CI_KEY"}]


def test_a_name_that_is_there_is_not_taken_twice(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=OLD)
    with pytest.raises(UsageError, match="has a credential team already") as caught:
        vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)
    assert "--replace" in caught.value.hint
    assert NEW not in f"{caught.value!r}"
    assert entries(vault)[0]["secret"] == OLD
    assert memory.items == {}


def test_a_replaced_key_leaves_nothing_in_its_former_place(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=OLD)
    vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring, replace=True)
    assert OLD not in vault.path.read_text()
    assert memory.items == {ITEM: NEW}

    assert vault.add("team", FOR_OPENAI, variable="TEAM", replace=True) == ""
    assert memory.items == {}
    assert entries(vault) == [{"name": "team", "provider": "openai", "env": "TEAM"}]


def test_a_former_key_that_stays_in_the_keyring_is_told(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=OLD, keyring=ring)
    memory.fault = KeyringLocked()
    told = vault.add("team", FOR_OPENAI, secret=NEW, replace=True)
    assert told == (
        "the former key of team is still in the system's keyring: "
        "the system's keyring cannot be changed (KeyringLocked)"
    )


def test_a_keyring_that_fails_leaves_the_file_as_it_is(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    memory.fault = KeyringLocked(NEW)
    with pytest.raises(ConfigError, match="keyring cannot be read"):
        vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)
    assert not vault.path.exists()


@pytest.mark.parametrize("before", [None, OLD])
def test_a_file_that_fails_puts_the_keyring_back(
    vault: Vault,
    ring: SystemKeyring,
    memory: MemoryKeyring,
    full_disk: Callable[[], None],
    before: str | None,
) -> None:
    if before:
        vault.add("team", FOR_OPENAI, secret=before, keyring=ring)
    items = dict(memory.items)
    full_disk()
    with pytest.raises(ConfigError, match="No space left"):
        vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring, replace=True)
    assert memory.items == items


def test_so_does_one_that_fails_while_an_entry_is_removed(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring, full_disk: Callable[[], None]
) -> None:
    vault.add("team", FOR_OPENAI, secret=OLD, keyring=ring)
    full_disk()
    with pytest.raises(ConfigError, match="No space left"):
        vault.remove("team")
    assert memory.items == {ITEM: OLD}
    assert vault.names() == ["team"]


def test_so_does_ctrl_c_between_the_two(
    vault: Vault,
    ring: SystemKeyring,
    memory: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_self: object, _text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("agentos.vault.credentials_file.CredentialsFile.write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)
    assert memory.items == {}


def test_an_open_file_takes_nothing_and_lets_go_of_all(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=OLD)
    vault.path.chmod(0o644)
    with pytest.raises(ConfigError, match="open to other users"):
        vault.add("more", FOR_OPENAI, secret=NEW, keyring=ring)
    assert memory.items == {}
    assert vault.remove("team") == str(vault.path)
    assert OLD not in vault.path.read_text()
    assert vault.path.stat().st_mode & 0o777 == 0o600


def test_what_is_removed_is_gone_from_both(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)
    vault.add("spare", FOR_OPENAI, secret=OLD)
    assert vault.names() == ["team", "spare"]
    assert vault.remove("team") == f"{vault.path} and the system's keyring (Memory)"
    assert memory.items == {}
    assert vault.names() == ["spare"]


def test_a_key_that_the_keyring_has_lost_is_removed_all_the_same(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)
    memory.items.clear()
    assert vault.remove("team")
    assert vault.names() == []


def test_what_there_is_not_is_not_removed_and_nothing_is_made(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "nothing" / "here")
    assert vault.remove("team") is None
    assert not (tmp_path / "nothing").exists()


def test_a_keyring_that_cannot_be_opened_keeps_the_entry(
    vault: Vault, ring: SystemKeyring, memory: MemoryKeyring
) -> None:
    vault.add("team", FOR_OPENAI, secret=NEW, keyring=ring)

    def gone() -> SystemKeyring:
        raise ConfigError("the package keyring is not installed", "type: pip install it")

    later = Vault(vault.path.parent, gone)
    with pytest.raises(AgentosError, match="key of team is in the system's keyring") as caught:
        later.remove("team")
    assert "pip install it" in caught.value.hint
    assert str(vault.path) in caught.value.hint
    assert vault.names() == ["team"]
    told = later.add("team", FOR_OPENAI, variable="TEAM", replace=True)
    assert "still in the system's keyring: the package keyring is not installed" in told


def test_an_entry_that_is_wrong_can_be_removed(vault: Vault) -> None:
    vault.path.write_text('[[credential]]\nname = "team"\nkey = "x"\n[[credential]]\nenv = "X"\n')
    assert vault.names() == ["team"]
    vault.remove("team")
    assert entries(vault) == [{"env": "X"}]
