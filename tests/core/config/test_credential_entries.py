from pathlib import Path

import pytest

from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import (
    declared_entries,
    entries_of_all_places,
    entries_of_project,
)
from agentos.core.errors import ConfigError

KEY = "sk-ant-api03-Zm9vYmFy/+="
SDKS = {"openai": "OPENAI_API_KEY"}


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "credentials.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_what_is_written_down_needs_no_secret_to_be_there(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[[credential]]\nname = "team"\nprovider = "openai"\nkeyring = true\nmax_concurrent = 2\n'
        f"[[credential]]\nname = \"own\"\nsecret = ' {KEY} '\n"
        '[[credential]]\nname = "gone"\nenv = "OPENAI_API_KEY"\n',
    )
    found = declared_entries({"AGENTOS_CREDENTIALS": "ci:CI_KEY"}, tmp_path, key_variables=SDKS)
    assert found == (
        CredentialEntry(
            "ci",
            "AGENTOS_CREDENTIALS, element 1",
            variable="CI_KEY",
            origin=Origin.ENVIRONMENT,
        ),
        CredentialEntry("team", f"{path}, credential 1", "openai", 2, in_keyring=True),
        CredentialEntry("own", f"{path}, credential 2", secret=KEY),
        CredentialEntry("gone", f"{path}, credential 3", "openai", variable="OPENAI_API_KEY"),
    )


def test_a_variable_of_an_sdk_is_an_entry_of_no_place() -> None:
    [entry] = declared_entries({"OPENAI_API_KEY": KEY}, Path("/nowhere"), key_variables=SDKS)
    assert (entry.name, entry.provider, entry.origin) == (
        "OPENAI_API_KEY",
        "openai",
        Origin.IMPLIED,
    )


@pytest.mark.parametrize(("mode", "is_exposed"), [(0o600, False), (0o640, True), (0o602, True)])
def test_an_entry_tells_that_others_may_open_its_file(
    tmp_path: Path, mode: int, *, is_exposed: bool
) -> None:
    text = f'[[credential]]\nname = "a"\nsecret = "{KEY}"\n[[credential]]\nname = "b"\nenv = "B"\n'
    path = write(tmp_path, text, mode)
    own, of_variable = declared_entries({}, tmp_path)
    assert own.exposed == (path if is_exposed else None)
    assert of_variable.exposed is None


def test_no_repr_holds_what_could_be_a_key() -> None:
    entries = declared_entries({"AGENTOS_CREDENTIALS": f"ci:{KEY}"}, Path("/nowhere"))
    assert entries[0].variable == KEY
    assert entries[0].shown_variable == "..."
    assert KEY not in repr(entries)
    assert KEY not in repr(CredentialEntry("a", "here", secret=KEY))


def test_names_may_come_twice_where_each_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, '[[credential]]\nname = "ci"\nenv = "A"')
    environ = {"AGENTOS_CREDENTIALS": "ci:CI_KEY"}
    assert [one.name for one in entries_of_all_places(environ, tmp_path)] == ["ci", "ci"]
    with pytest.raises(ConfigError, match="two credentials are called ci"):
        declared_entries(environ, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keyring = false", "(m): keyring is written as keyring = true"),
        ('keyring = "yes"', "(m): keyring is written as keyring = true"),
        ('keyring = true\nenv = "A"', "(m): it needs either env or secret, or keyring = true"),
        (f'keyring = true\nsecret = "{KEY}"', "(m): it needs either env or secret, or keyring"),
    ],
)
def test_an_entry_has_one_place_for_its_key(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, f'[[credential]]\nname = "m"\n{text}')
    with pytest.raises(ConfigError) as caught:
        declared_entries({}, tmp_path)
    assert said in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.hint}"


def test_a_project_cannot_speak_of_a_persons_keyring() -> None:
    with pytest.raises(ConfigError, match="keyring does not belong into a project's files"):
        entries_of_project([{"name": "team", "keyring": True}], SDKS)
    [entry] = entries_of_project([{"name": "team", "env": "OPENAI_API_KEY"}], SDKS)
    assert (entry.provider, entry.origin) == ("openai", Origin.PROJECT)
