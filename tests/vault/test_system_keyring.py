import builtins
import logging
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import keyring.core
import pytest
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringLocked
from keyrings import MemoryKeyring

from agentos.core.errors import ConfigError
from agentos.core.installation import install_command
from agentos.vault import system_keyring
from agentos.vault.handled import handled
from agentos.vault.system_keyring import asked_once, open_keyring, read_secret

SECRET = "sk-made-up-0000000000"
MANIFEST = Path(__file__).parents[2] / "pyproject.toml"


def in_use(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


def refusal(act: Callable[[], object]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        act()
    assert SECRET not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
    return caught.value


def test_a_secret_is_written_read_and_removed_under_the_name_of_agentos(
    memory: MemoryKeyring,
) -> None:
    ring = open_keyring()
    assert ring.read("team") is None
    ring.write("team", SECRET)
    assert memory.items == {("agentos", "team"): SECRET}
    assert read_secret("team") == SECRET
    ring.remove("team")
    assert memory.items == {}
    ring.remove("team")  # which is gone already


def test_what_was_read_is_known_to_who_masks(memory: MemoryKeyring) -> None:
    memory.items["agentos", "team"] = "sk-made-up-read-here"
    assert "sk-made-up-read-here" not in handled()
    read_secret("team")
    assert "sk-made-up-read-here" in handled()


@pytest.mark.parametrize(
    "fault",
    [
        KeyringLocked(f"locked, with {SECRET}"),
        RuntimeError(SECRET),
        OSError(5, SECRET),
        ValueError(SECRET),
    ],
)
def test_whatever_a_back_end_raises_is_a_sentence(memory: MemoryKeyring, fault: Exception) -> None:
    ring = open_keyring()
    memory.fault = fault
    name = type(fault).__name__
    for act, said in (
        (lambda: ring.read("a"), f"cannot be read ({name})"),
        (lambda: ring.write("a", SECRET), f"cannot be written ({name})"),
        (lambda: ring.remove("a"), f"cannot be changed ({name})"),
    ):
        error = refusal(act)
        assert str(error) == f"the system's keyring {said}"
        assert "agentos credentials add NAME --env VARIABLE --replace" in error.hint


@pytest.mark.parametrize("kind", [fail.Keyring, null.Keyring, partial(MemoryKeyring, rank=0.5)])
def test_a_back_end_that_holds_nothing_or_plain_text_is_none(
    monkeypatch: pytest.MonkeyPatch, kind: Callable[[], object]
) -> None:
    in_use(monkeypatch, kind())
    assert str(refusal(open_keyring)) == "this system has no keyring that could be used"


def test_of_a_chain_the_first_that_is_good_enough_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, good = MemoryKeyring(rank=0.5), MemoryKeyring(rank=3)

    class Chain(chainer.ChainerBackend):
        backends = (plain, good)
        priority = 10

    in_use(monkeypatch, Chain())  # type: ignore[no-untyped-call] # so is the library
    open_keyring().write("team", SECRET)
    assert not plain.items
    assert good.items

    Chain.backends = (plain,)  # type: ignore[assignment] # a tuple of another length
    assert "no keyring that could be used" in str(refusal(open_keyring))


def test_a_back_end_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    in_use(monkeypatch, None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no_such_module.Keyring")
    assert str(refusal(open_keyring)) == (
        "the system's keyring cannot be found (ModuleNotFoundError)"
    )


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_keyring(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == "keyring":
            raise ImportError(name)
        return imported(name, *rest, **more)  # type: ignore[arg-type] # handed on as it came

    imported = builtins.__import__
    monkeypatch.delitem(sys.modules, "keyring")
    monkeypatch.setattr(builtins, "__import__", without_keyring)
    error = refusal(open_keyring)
    assert str(error) == "the package keyring is not installed"
    assert error.hint == f"type: {install_command('keyring>=25')}"


def test_what_is_to_be_installed_is_what_the_extra_says() -> None:
    extras = tomllib.loads(MANIFEST.read_text())["project"]["optional-dependencies"]
    assert extras["keyring"] == [system_keyring.REQUIREMENT]


def test_a_broken_plugin_of_the_library_is_told_to_nobody(
    memory: MemoryKeyring, capsys: pytest.CaptureFixture[str]
) -> None:
    open_keyring()
    log = logging.getLogger("keyring.backend")
    log.propagate, before = True, log.propagate
    handlers, root = logging.getLogger().handlers, logging.getLogger()
    root.handlers = []
    try:
        log.error("Error initializing plugin")
    finally:
        root.handlers, log.propagate = handlers, before
    assert capsys.readouterr().err == ""


def test_who_asks_once_is_told_the_same_again() -> None:
    asked = []

    def read(name: str) -> str | None:
        asked.append(name)
        if name == "locked":
            raise ConfigError("nobody unlocked it")
        return SECRET if name == "team" else None

    once = asked_once(read)
    assert [once(name) for name in ("team", "gone") * 2] == [SECRET, None] * 2
    for _ in range(2):
        with pytest.raises(ConfigError, match="nobody unlocked it"):
            once("locked")
    assert asked == ["team", "gone", "locked"]


@pytest.mark.parametrize("junk", [b"bytes", 7, True, "x" * 50_000])
def test_what_can_be_no_key_is_refused_and_not_remembered(
    memory: MemoryKeyring, junk: object
) -> None:
    memory.items["agentos", "team"] = junk  # type: ignore[assignment] # back ends are anybody's
    assert "can be no key" in str(refusal(partial(read_secret, "team")))
    assert junk not in handled()


def test_a_keyring_that_keeps_nothing_is_told(
    memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "set_password", lambda *_: None)
    assert "did not keep the key" in str(refusal(partial(open_keyring().write, "team", SECRET)))


def test_a_back_end_that_exits_is_told(
    memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object) -> None:
        sys.exit(3)

    monkeypatch.setattr(memory, "get_password", leave)
    assert "cannot be read (SystemExit)" in str(refusal(partial(read_secret, "team")))
