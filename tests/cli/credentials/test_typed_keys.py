from pathlib import Path

import pytest
from command import Agentos
from stored_credentials import KEY, OTHER

from agentos.cli.credentials.typed_keys import looks_like_key


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "team", KEY],
        ["add", KEY],
        ["add", KEY, "--provider", "openai"],
        ["add", "team", "--provider", KEY],
        ["add", "team", f"--provider={KEY}"],
        ["add", "team", "--env", OTHER],
        ["add", "team", "--max-concurrent", KEY],
        ["add", "team", "--store", KEY],
        ["add", "team", "--key", KEY],
        ["add", "team", f"--key={OTHER}"],
        [KEY],
        ["openai", OTHER],
        ["test", KEY],
        ["remove", OTHER],
    ],
)
def test_a_typed_key_is_not_repeated_and_its_owner_told_to_revoke_it(
    credentials: Agentos, file: Path, arguments: list[str]
) -> None:
    code, output = credentials(*arguments)
    assert code == 2
    assert "a key is never typed as an argument" in output
    assert "it is in the shell's history now" in output
    assert "revoke it" in output
    assert not file.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["team", "MySecret1"],
        ["team", "--key", "MySecret1"],
        ["team", "--token=MySecret1"],
        ["team", "-k", "MySecret1"],
        ["team", "--provider", "openai", "MySecret1"],
    ],
)
def test_a_typed_key_may_look_like_nothing_of_the_kind(
    credentials: Agentos, file: Path, arguments: list[str]
) -> None:
    code, output = credentials("add", *arguments)
    assert code == 2
    assert "takes one NAME, and asks for the key itself" in output
    assert "if you typed a key, it is in the shell's history now" in output
    assert "MySecret1" not in output
    assert not file.exists()


@pytest.mark.parametrize(
    "word",
    [
        "team-openai",
        "production-2024-openai",
        "OPENAI_API_KEY_PRODUCTION_2",
        "skills-team",
        "hf_models",
        "pk-backend1",
        "sk-backend-for-everybody",
    ],
)
def test_a_typed_key_is_not_seen_in_every_name(word: str) -> None:
    assert not looks_like_key(word)


def test_a_typed_key_is_not_looked_for_in_folders_and_models(credentials: Agentos) -> None:
    folder = f"/nix/{'a1b2' * 8}-shelf"
    assert folder in credentials("list", "--project", folder)[1]
    model = f"openai/{'a1b2' * 8}"
    assert "no credential names openai" in credentials("test", "--model", model)[1]


def test_a_typed_key_is_not_seen_in_the_name_of_an_entry_that_is_there(
    credentials: Agentos, file: Path
) -> None:
    name = "sk-backend-of-2024-team"
    file.parent.mkdir(parents=True)
    file.write_text(f'[[credential]]\nname = "{name}"\nenv = "TEAM"\nprovider = "openai"\n')
    assert f"{name}: the variable TEAM is not set" in credentials("test", name)[1]
    assert "a key is never typed" in credentials("add", name)[1]
    assert "a key is never typed" in credentials("remove", f"{name}-2")[1]
    assert credentials("remove", name)[0] == 0
    assert "a key is never typed" in credentials("remove", name)[1]
