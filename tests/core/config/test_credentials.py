from collections.abc import Sequence
from pathlib import Path

import pytest

from agentos.core.config.credential_entries import CredentialEntry, Origin, described_entry
from agentos.core.config.credential_places import declared_entries
from agentos.core.config.credentials import (
    CredentialSet,
    checked_secret,
    known_secrets,
    likely_secrets,
    load_credentials,
    no_keyring,
    resolve,
)
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError

KEY, OTHER = "sk-ant-api03-Zm9vYmFy/+=", "AIzaSyD-1234567890abcdefghijklmnopqrstu"
NOWHERE = Path("/nowhere")
SDKS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "acme": "ACME_KEY"}


def load(text: str, **environ: str) -> CredentialSet:
    return load_credentials({"AGENTOS_CREDENTIALS": text} | environ, NOWHERE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "credentials.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def refused(environ: dict[str, str], folder: Path = NOWHERE, project: Sequence[object] = ()) -> str:
    """The whole text of a refusal; no form of a secret may be in it."""
    with pytest.raises(ConfigError) as caught:
        load_credentials(environ, folder, project_entries=project)
    error = caught.value
    said = f"{error} | {error.hint} | {error!r} {error.__cause__!r}"
    assert KEY not in said
    assert OTHER not in said
    return said


def test_nothing_configured_is_no_credential(tmp_path: Path) -> None:
    assert load_credentials({}, tmp_path) == CredentialSet()
    assert load("  ") == CredentialSet()


def test_the_environment_names_variables() -> None:
    found = load(" main : A_KEY , spare:B_KEY", A_KEY=KEY, B_KEY=f" {OTHER}\n")
    assert found.usable == (Credential("main", KEY), Credential("spare", OTHER))
    assert found.secrets == {KEY, OTHER}
    assert found.variables == {"A_KEY", "B_KEY"}


def test_a_secret_is_in_no_repr() -> None:
    assert KEY not in repr(load("main:A_KEY", A_KEY=KEY))


def test_a_variable_may_serve_two_names() -> None:
    found = load("a:A_KEY,b:A_KEY", A_KEY=KEY)
    assert [credential.name for credential in found.usable] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("main", "element 1: it is not of the form NAME:VARIABLE"),
        ("main:A_KEY,", "element 2: it is not of the form"),
        ("main:A_KEY,spare:MISSING", "element 2 (spare): the variable MISSING is not set or empty"),
        ("main:EMPTY", "element 1 (main): the variable EMPTY is not set or empty"),
        ("main:", "element 1 (main): the variable that it names"),
        ("main:missing", "element 1 (main): the variable that it names"),
        (":A_KEY", "element 1: its name is not safe to print"),
        ("a b:A_KEY", "element 1: its name is not safe"),
        ("../x:A_KEY", "element 1: its name is not safe"),
        ("a\x1b[31m:A_KEY", "element 1: its name is not safe"),
        ("ключ:A_KEY", "element 1: its name is not safe"),
        ("a" * 33 + ":A_KEY", "element 1: its name is not safe"),
        ("main:A_KEY,main:B_KEY", "two credentials are called main"),
        ("main:BROKEN", "element 1 (main): the secret holds a space, a line break"),
        ("main:SPACED", "element 1 (main): the secret holds a space"),
        ("main:TURNED", "element 1 (main): the secret holds a space, a line break or a letter"),
        ("main:A_KEY:", "element 1: provider must be a name"),
        ("main:A_KEY:a/b/c", "element 1: provider must be a name"),
        ("main:A_KEY:openai:x", "element 1: it is not of the form"),
        # The key typed in the wrong place.
        (f"main:A_KEY:{KEY}", "element 1: provider must be a name"),
        (f"main:A_KEY:{OTHER}", "element 1: provider must be a name"),
        (KEY, "element 1: it is not of the form"),
        (f"main:{KEY}", "element 1 (main): the variable that it names is not set"),
        (f"main:{OTHER}", "element 1 (main): the variable that it names is not set"),
        (f"{KEY}:A_KEY", "element 1: its name is not safe"),
        (f"{OTHER}:A_KEY", "element 1: its name is not safe"),
    ],
)
def test_a_bad_element_is_told_without_a_secret(text: str, said: str) -> None:
    environ = {"A_KEY": KEY, "B_KEY": OTHER, "EMPTY": "  ", "BROKEN": f"{KEY}\n{OTHER}"}
    environ |= {"SPACED": f"Bearer {KEY}", "TURNED": f"{KEY}\N{RIGHT SINGLE QUOTATION MARK}"}
    assert said in refused(environ | {"AGENTOS_CREDENTIALS": text})


def test_the_file_follows_the_environment(folder: Path) -> None:
    write(
        folder,
        f"""
        [[credential]]
        name = "team"
        secret = '{KEY}'
        provider = "anthropic"
        max_concurrent = 4
        [[credential]]
        name = "own"
        env = "OWN_KEY"
        """,
    )
    environ = {"AGENTOS_CREDENTIALS": "first:FIRST", "FIRST": "first-key", "OWN_KEY": OTHER}
    found = load_credentials(environ, folder)
    assert found.usable == (
        Credential("first", "first-key"),
        Credential("team", KEY, "anthropic", 4),
        Credential("own", OTHER),
    )
    assert found.secrets == {"first-key", KEY, OTHER}
    assert found.variables == {"FIRST", "OWN_KEY"}


def test_names_of_file_and_environment_must_differ(folder: Path) -> None:
    write(folder, '[[credential]]\nname = "main"\nenv = "A_KEY"')
    environ = {"A_KEY": KEY, "AGENTOS_CREDENTIALS": "main:A_KEY"}
    assert "two credentials are called main" in refused(environ, folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'x = 1\nsecret = {KEY}"', "is not valid TOML at line 2, column 10"),
        ('[[credential]]\nname = "main', "is not valid TOML at its end"),
        ("[credentials]", "only [[credential]] tables are known"),
        ("credential = 7", "written as [[credential]] tables"),
        ("credential = [7]", "written as [[credential]] tables"),
        ("[credential]", "written as [[credential]] tables"),
        ("[[credential]]", "credential 1: it has no name"),
        ("[[credential]]\nname = 7", "credential 1: it has no name"),
        (f"[[credential]]\nname = '{KEY}'", "credential 1: its name is not safe"),
        ('[[credential]]\nname = "m"\nkey = "x"', "credential 1 (m): it has an unknown key"),
        ('[[credential]]\nname = "m"', "(m): it needs either env or secret"),
        (
            '[[credential]]\nname = "m"\nenv = "A_KEY"\nsecret = "x"',
            "(m): it needs either env or secret",
        ),
        ('[[credential]]\nname = "m"\nenv = "GONE"', "(m): the variable GONE is not set"),
        (f"[[credential]]\nname = 'm'\nenv = '{KEY}'", "(m): the variable that it names"),
        ('[[credential]]\nname = "m"\nenv = 7', "(m): env or secret must be a text"),
        ('[[credential]]\nname = "m"\nsecret = " "', "(m): env or secret must be a text"),
        (f'[[credential]]\nname = "m"\nsecret = "{KEY}\\n{OTHER}"', "holds a space, a line break"),
        ('[[credential]]\nname = "m"\nenv = "A_KEY"\nprovider = 7', "provider must be a name"),
        ('[[credential]]\nname = "m"\nenv = "A_KEY"\nprovider = ""', "provider must be a name"),
        ('[[credential]]\nname = "m"\nenv = "A_KEY"\nmax_concurrent = 0', "whole number"),
        ('[[credential]]\nname = "m"\nenv = "A_KEY"\nmax_concurrent = true', "whole number"),
        ('[[credential]]\nname = "m"\nenv = "A_KEY"\nmax_concurrent = 1.5', "whole number"),
    ],
)
def test_a_bad_file_is_told_without_a_secret(folder: Path, text: str, said: str) -> None:
    path = write(folder, text)
    found = refused({"A_KEY": KEY}, folder)
    assert said in found
    assert str(path) in found


def test_a_file_that_is_not_text_is_told(folder: Path) -> None:
    (folder / "credentials.toml").write_bytes(b"\xff\xfe" + KEY.encode())
    assert "is not UTF-8" in refused({}, folder)


def test_a_folder_in_the_place_of_the_file_is_told(folder: Path) -> None:
    (folder / "credentials.toml").mkdir()
    assert "cannot be read: Is a directory" in refused({}, folder)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_secret_in_an_open_file_is_refused(folder: Path, mode: int) -> None:
    path = write(folder, f"[[credential]]\nname = 'm'\nsecret = '{KEY}'", mode)
    said = refused({}, folder)
    assert "open to other users" in said
    assert f"chmod 600 {path}" in said


def test_a_file_without_a_secret_may_be_open(folder: Path) -> None:
    write(folder, '[[credential]]\nname = "m"\nenv = "A_KEY"', 0o644)
    assert load_credentials({"A_KEY": KEY}, folder).usable == (Credential("m", KEY),)


def test_the_limit_keeps_the_first_and_hides_all() -> None:
    found = load("a:A_KEY,b:B_KEY", A_KEY=KEY, B_KEY=OTHER, AGENTOS_CREDENTIAL_LIMIT=" 1 ")
    assert found.usable == (Credential("a", KEY),)
    assert found.secrets == {KEY, OTHER}
    assert found.variables == {"A_KEY", "B_KEY"}


@pytest.mark.parametrize("limit", ["", "2", "99"])
def test_a_limit_that_is_wide_enough_changes_nothing(limit: str) -> None:
    found = load("a:A_KEY,b:B_KEY", A_KEY=KEY, B_KEY=OTHER, AGENTOS_CREDENTIAL_LIMIT=limit)
    assert len(found.usable) == 2


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", "1_0", "٣", "9" * 5000])
def test_a_bad_limit_is_told(limit: str) -> None:
    assert "whole number from 1" in refused({"AGENTOS_CREDENTIAL_LIMIT": limit})


def test_the_environment_names_the_provider() -> None:
    found = load("main:A_KEY:openai, tool : B_KEY : command/claude", A_KEY=KEY, B_KEY=OTHER)
    assert [one.provider for one in found.usable] == ["openai", "command/claude"]


def implied(folder: Path, project: Sequence[object] = (), **environ: str) -> CredentialSet:
    return load_credentials(environ, folder, project_entries=project, key_variables=SDKS)


def test_a_well_known_variable_tells_the_provider(folder: Path) -> None:
    write(folder, '[[credential]]\nname = "mine"\nenv = "OPENAI_API_KEY"')
    found = implied(
        folder,
        [{"name": "ours", "env": "ACME_KEY"}],
        AGENTOS_CREDENTIALS="main:ANTHROPIC_API_KEY",
        ANTHROPIC_API_KEY=KEY,
        OPENAI_API_KEY=OTHER,
        ACME_KEY="acme-key",
    )
    assert found.usable == (
        Credential("main", KEY, "anthropic"),
        Credential("mine", OTHER, "openai"),
        Credential("ours", "acme-key", "acme"),
    )


def test_what_is_said_counts_before_what_the_variable_tells(folder: Path) -> None:
    found = implied(folder, AGENTOS_CREDENTIALS="main:OPENAI_API_KEY:acme", OPENAI_API_KEY=KEY)
    assert found.usable == (Credential("main", KEY, "acme"),)


def test_a_variable_of_an_sdk_is_a_credential(folder: Path) -> None:
    found = implied(folder, OPENAI_API_KEY=f" {KEY}\n", ACME_KEY="  ")
    assert found.usable == (Credential("OPENAI_API_KEY", KEY, "openai"),)
    assert found.secrets == {KEY}


def test_it_is_none_where_another_names_the_provider(folder: Path) -> None:
    found = implied(
        folder, AGENTOS_CREDENTIALS="main:A_KEY:openai", A_KEY=KEY, OPENAI_API_KEY=OTHER
    )
    assert found.usable == (Credential("main", KEY, "openai"),)
    assert found.secrets == {KEY, OTHER}  # masked all the same


def test_an_implied_credential_comes_last_and_counts_for_the_limit(folder: Path) -> None:
    found = implied(
        folder,
        AGENTOS_CREDENTIALS="main:A_KEY:acme",
        A_KEY=KEY,
        OPENAI_API_KEY=OTHER,
        AGENTOS_CREDENTIAL_LIMIT="1",
    )
    assert [one.name for one in found.usable] == ["main"]


def test_a_variable_of_an_sdk_that_holds_no_key_stops_nobody_who_does_not_use_it(
    folder: Path,
) -> None:
    found = implied(folder, OPENAI_API_KEY="put your key here")
    assert found.secrets == {"put your key here"}
    with pytest.raises(ConfigError, match="OPENAI_API_KEY: the secret holds a space") as caught:
        checked_secret(found.usable[0].secret or "", found.usable[0].name)
    assert "put your" not in f"{caught.value} {caught.value.hint}"


def test_a_project_may_name_a_variable(folder: Path) -> None:
    table = {"name": "team", "env": "A_KEY", "provider": "acme", "max_concurrent": 2}
    found = implied(folder, [table], A_KEY=KEY)
    assert found.usable == (Credential("team", KEY, "acme", 2),)
    assert found.variables >= {"A_KEY"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "team", "secret": KEY}, "a secret does not belong into a project's files"),
        ({"name": KEY, "env": "A_KEY"}, "credential 1: its name is not safe"),
        ({"name": "team", "env": KEY}, "(team): the variable that it names"),
        ({"name": "team", "env": "A_KEY", KEY: 1}, "(team): it has an unknown key"),
        ("team", "written as [[credential]] tables"),
    ],
)
def test_a_bad_entry_of_a_project_is_told_without_a_secret(entry: object, said: str) -> None:
    found = refused({"A_KEY": KEY}, project=[entry])
    assert said in found
    assert "the project's config, credential 1" in found


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"env": "TEAM_KEY", "provider": "openai"}, "the variable TEAM_KEY, for openai"),
        ({"env": "A_1", "provider": "command/mine"}, "the variable A_1, for command/mine"),
        ({"name": KEY, "env": "OPENAI_API_KEY", KEY: KEY}, "the variable OPENAI_API_KEY"),
        ({"env": KEY, "provider": OTHER}, "the variable ..., for ..."),
        ({"env": OTHER, "provider": f"openai/{OTHER}"}, "the variable ..., for ..."),
        ({"env": ["TEAM_KEY"], "provider": 7}, "the variable ..., for ..."),
        ({"env": "A\x1b[2J", "provider": "\n"}, "the variable ..., for ..."),
        ({"secret": KEY}, "the variable ..."),
        (KEY, "the variable ..."),
    ],
)
def test_an_entry_is_described_without_what_could_be_a_secret(entry: object, said: str) -> None:
    assert described_entry(entry) == said


def test_names_of_project_and_environment_must_differ() -> None:
    environ = {"A_KEY": KEY, "AGENTOS_CREDENTIALS": "main:A_KEY"}
    said = refused(environ, project=[{"name": "main", "env": "A_KEY"}])
    assert "two credentials are called main" in said


def test_a_well_known_variable_that_no_adapter_reads_is_masked_all_the_same() -> None:
    found = load_credentials({"ANTHROPIC_AUTH_TOKEN": f" {KEY}\n"}, NOWHERE)
    assert found.usable == ()
    assert found.secrets == {KEY}


IN_KEYRING = '[[credential]]\nname = "team"\nprovider = "openai"\nkeyring = true\n'


def test_a_keyring_is_asked_by_the_name_of_the_credential(folder: Path) -> None:
    write(folder, IN_KEYRING, 0o644)  # which holds no secret
    found = load_credentials({}, folder, read_keyring={"team": f"{KEY}\n"}.get)
    assert found.usable == (Credential("team", KEY, "openai"),)
    assert found.secrets == {KEY}


def test_who_has_no_keyring_entry_asks_no_keyring(folder: Path) -> None:
    write(folder, f"[[credential]]\nname = 'm'\nsecret = '{KEY}'")

    def locked(name: str) -> str:
        raise AssertionError(name)

    assert load_credentials({}, folder, read_keyring=locked).secrets == {KEY}


def test_a_keyring_without_the_key_is_told_with_what_to_type(folder: Path) -> None:
    write(folder, IN_KEYRING)
    said = refused({}, folder)
    assert "credential 1 (team): the system's keyring has no key of that name" in said
    assert "agentos credentials add team --replace" in said


def test_what_a_keyring_says_is_told_of_its_entry(folder: Path) -> None:
    write(folder, IN_KEYRING)

    def locked(_name: str) -> str:
        raise ConfigError("it is locked", "unlock it")

    with pytest.raises(ConfigError, match=r"credential 1 \(team\): it is locked") as caught:
        load_credentials({}, folder, read_keyring=locked)
    assert caught.value.hint == "unlock it"


def test_a_keyring_holds_up_only_who_asks_for_its_key(folder: Path) -> None:
    write(folder, IN_KEYRING + f"[[credential]]\nname = 'm'\nsecret = '{KEY}'")

    def locked(_name: str) -> str:
        raise ConfigError("it is locked", "unlock it")

    found = load_credentials({}, folder, read_keyring=locked, accounts={"gemini", "embedded"})
    assert found.usable == (Credential("team", None, "openai"), Credential("m", KEY))
    assert found.secrets == {KEY}
    with pytest.raises(ConfigError, match="it is locked"):
        load_credentials({}, folder, read_keyring=locked, accounts={"gemini", "openai"})


def test_a_key_that_nobody_asks_for_is_kept_from_children_all_the_same(folder: Path) -> None:
    write(folder, IN_KEYRING)
    found = load_credentials({}, folder, read_keyring={"team": KEY}.get, accounts={"embedded"})
    assert found.secrets == {KEY}


def test_a_key_from_a_keyring_is_looked_at_as_any_other(folder: Path) -> None:
    write(folder, IN_KEYRING)
    with pytest.raises(ConfigError, match="holds a space") as caught:
        load_credentials({}, folder, read_keyring=lambda _name: f"Bearer {KEY}")
    assert KEY not in f"{caught.value!r} {caught.value.hint}"


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        (Origin.FILE, "set it, or store the key: agentos credentials add a --replace"),
        (Origin.ENVIRONMENT, "set it, or take a out of AGENTOS_CREDENTIALS"),
        (Origin.PROJECT, "set it"),
    ],
)
def test_a_variable_that_is_not_set_is_told_with_what_mends_it(origin: Origin, hint: str) -> None:
    entry = CredentialEntry("a", "there", variable="A_KEY", origin=origin)
    with pytest.raises(ConfigError, match=r"there \(a\): the variable A_KEY is not set") as caught:
        resolve(entry, {}, no_keyring)
    assert caught.value.hint == hint


def test_what_is_masked_in_a_report_includes_entries_that_are_wrong(folder: Path) -> None:
    write(
        folder,
        f"[[credential]]\nname = 'a'\nsecret = '{KEY}'\n{IN_KEYRING}"
        '[[credential]]\nname = "b"\nenv = "GONE"\n[[credential]]\nname = "b"\nenv = "B_KEY"\n',
        0o644,
    )
    environ = {"B_KEY": OTHER, "OPENAI_API_KEY": "of-the-sdk"}
    with pytest.raises(ConfigError):
        declared_entries(environ, folder)
    assert known_secrets(environ, folder) == {KEY, OTHER, "of-the-sdk"}


def test_what_is_masked_in_a_report_includes_the_variables_of_other_providers(folder: Path) -> None:
    environ = {"HOUSE": KEY, "OTHER": OTHER}
    assert known_secrets(environ, folder, key_variables={"house": "HOUSE"}) == {KEY}


def test_what_a_variable_holds_that_is_called_as_those_with_keys_are_is_likely_one() -> None:
    keys = {
        "HOUSE_KEY": "house-of-keys",
        "CI_TOKEN": "a-token-of-ci",
        "A_SECRET": "not-to-tell",
        "DB_PASSWORD": "12345678",
    }
    others = {"SHORT_KEY": "1234567", "KEYBOARD_LAYOUT": "somewhere", "MONKEY": "somewhere"}
    assert likely_secrets(keys | others) == {*keys.values()}
