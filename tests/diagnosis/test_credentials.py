"""One line for each entry; the command asks for the key and never holds one."""

from dataclasses import replace
from pathlib import Path

import pytest
from findings import only, wrong

from agentos.core.config.credentials import no_keyring
from agentos.core.config.settings import from_project
from agentos.core.config.trust import TrustStore
from agentos.core.errors import ConfigError, Hint
from agentos.diagnosis import key_commands
from agentos.diagnosis.credentials import check
from agentos.diagnosis.finding import Finding, Level
from agentos.diagnosis.surroundings import Surroundings

SECRET = "sk-0123456789abcdefghij"
OPENAI = {"AGENTOS_DRAFTER": "openai/x"}


@pytest.fixture
def file(surroundings: Surroundings) -> Path:
    folder = surroundings.config_folder
    folder.mkdir(parents=True)
    path = folder / "credentials.toml"
    path.touch(0o600)
    return path


def looked(surroundings: Surroundings, **environ: str) -> list[Finding]:
    found = list(check(replace(surroundings, environ={**surroundings.environ, **environ})))
    assert SECRET not in str(found)
    return found


def entry(name: str, source: str, provider: str = "openai") -> str:
    return f'[[credential]]\nname = "{name}"\n{source}\nprovider = "{provider}"\n'


def test_none(surroundings: Surroundings) -> None:
    [finding] = looked(surroundings)
    assert finding.sentence == "none is written down, and none is needed"


def test_each_that_is_there(surroundings: Surroundings, file: Path) -> None:
    file.write_text(entry("stored", f'secret = "{SECRET}"') + entry("named", 'env = "TEAM_KEY"'))
    found = looked(
        surroundings,
        TEAM_KEY=SECRET,
        GEMINI_API_KEY=SECRET,
        AGENTOS_CREDENTIALS="plain:TEAM_KEY",
    )
    assert [finding.sentence for finding in found] == [
        "plain, for the embedded model, in the variable TEAM_KEY",
        f"stored, for openai, in {file}",
        "named, for openai, in the variable TEAM_KEY",
        "GEMINI_API_KEY, for gemini, in the variable GEMINI_API_KEY",
    ]


def test_each_that_is_not_there(surroundings: Surroundings, file: Path) -> None:
    file.write_text(
        entry("one", 'env = "NO_KEY"')
        + entry("two", f'secret = "{SECRET} {SECRET}"')
        + '[[credential]]\nname = "three"\nenv = "NO_KEY"\n'
    )
    found = wrong(looked(surroundings, AGENTOS_CREDENTIALS=f"four:{SECRET},five:NO_KEY:openai"))
    own = "/opt/it/bin/python -m agentos credentials"
    assert [finding.command for finding in found] == [
        f"unset AGENTOS_CREDENTIALS && {own} add four --provider four",
        "read -rs NO_KEY && export NO_KEY",
        f"{own} add one --provider openai --replace",
        f"{own} add two --provider openai --replace",
        f"{own} remove three",
    ]


class TestMissingKeys:
    def test_are_stored(self, surroundings: Surroundings) -> None:
        finding = only(looked(surroundings, **OPENAI), Level.FAULT)
        assert finding.command.endswith("agentos credentials add openai --provider openai")

    def test_are_stored_under_a_name_that_is_free(
        self, surroundings: Surroundings, file: Path
    ) -> None:
        file.write_text(entry("openai", f'secret = "{SECRET}"', "anthropic"))
        finding = only(looked(surroundings, **OPENAI), Level.FAULT)
        assert finding.command.endswith("credentials add openai-2 --provider openai")

    def test_are_told_once(self, surroundings: Surroundings, file: Path) -> None:
        both = {**OPENAI, "AGENTOS_REVIEWER": "openai/y"}
        only(looked(surroundings, **both), Level.FAULT)
        file.write_text(entry("team", 'env = "NO_KEY"'))
        assert "NO_KEY" in only(looked(surroundings, **both), Level.FAULT).sentence

    def test_may_be_there_and_beyond_the_limit(self, surroundings: Surroundings) -> None:
        finding = only(
            looked(
                surroundings,
                **OPENAI,
                AGENTOS_CREDENTIALS="a:KEY:gemini,b:KEY:openai",
                KEY=SECRET,
                AGENTOS_CREDENTIAL_LIMIT="1",
            ),
            Level.FAULT,
        )
        assert finding.command == "unset AGENTOS_CREDENTIAL_LIMIT"

    def test_may_be_there_and_be_no_key(self, surroundings: Surroundings) -> None:
        finding = only(looked(surroundings, **OPENAI, OPENAI_API_KEY="two words"), Level.FAULT)
        assert finding.command == "read -rs OPENAI_API_KEY && export OPENAI_API_KEY"


class TestPlacesThatCannotBeRead:
    def test_do_not_hide_the_others(self, surroundings: Surroundings, file: Path) -> None:
        file.write_text("[")
        found = looked(surroundings, AGENTOS_CREDENTIALS="team:KEY:openai", KEY=SECRET)
        assert "team, for openai, in the variable KEY" in [one.sentence for one in found]
        assert only(found, Level.FAULT).command == f"${{EDITOR:-vi}} {file}"

    def test_in_the_environment(self, surroundings: Surroundings, file: Path) -> None:
        file.write_text(entry("team", f'secret = "{SECRET}"'))
        found = looked(surroundings, AGENTOS_CREDENTIALS=SECRET)
        assert only(found, Level.FAULT).command == "unset AGENTOS_CREDENTIALS"
        assert len(found) == 2

    def test_a_limit_that_is_none(self, surroundings: Surroundings) -> None:
        finding = only(looked(surroundings, AGENTOS_CREDENTIAL_LIMIT="many"), Level.FAULT)
        assert finding.command == "unset AGENTOS_CREDENTIAL_LIMIT"

    def test_of_the_project(self, surroundings: Surroundings, project: Path) -> None:
        """Trusted, which otherwise is what is told first."""
        (project / "agentos.toml").write_text('[[credential]]\nname = "a"\nsecret = "b"\n')
        store = TrustStore(surroundings.config_folder)
        store.trust(project / "agentos.toml", from_project(project, store).digest)
        assert only(looked(surroundings), Level.FAULT).command == "${EDITOR:-vi} agentos.toml"


class TestNamesThatComeTwice:
    def test_in_the_file(self, surroundings: Surroundings, file: Path) -> None:
        file.write_text(entry("team", f'secret = "{SECRET}"') * 2)
        finding = only(looked(surroundings), Level.FAULT)
        assert finding.command == f"${{EDITOR:-vi}} {file}"
        assert finding.hint.count("credentials.toml, credential") == 2

    def test_in_the_file_and_elsewhere(self, surroundings: Surroundings, file: Path) -> None:
        file.write_text(entry("team", f'secret = "{SECRET}"'))
        found = looked(surroundings, AGENTOS_CREDENTIALS="team:KEY:openai", KEY=SECRET)
        assert only(found, Level.FAULT).command.endswith("agentos credentials remove team")

    def test_elsewhere(self, surroundings: Surroundings) -> None:
        found = looked(surroundings, AGENTOS_CREDENTIALS="a:KEY:openai,a:KEY:gemini", KEY=SECRET)
        assert only(found, Level.FAULT).command == "unset AGENTOS_CREDENTIALS"


def test_a_provider_that_there_is_not(surroundings: Surroundings, file: Path) -> None:
    file.write_text(entry("team", f'secret = "{SECRET}"', "opnai"))
    finding = only(looked(surroundings), Level.WARNING)
    assert "no provider is called opnai" in finding.sentence
    assert finding.command == f"${{EDITOR:-vi}} {file}"
    file.write_text(entry("team", 'env = "NO_KEY"', "opnai"))
    assert {one.command for one in wrong(looked(surroundings))} == {f"${{EDITOR:-vi}} {file}"}


class TestKeyring:
    def test_that_has_it(self, surroundings: Surroundings, file: Path) -> None:
        file.write_text(entry("team", "keyring = true"))
        [finding] = looked(replace(surroundings, read_keyring={"team": SECRET}.get))
        assert finding.sentence == "team, for openai, in the system's keyring"

    def test_that_has_not(
        self, surroundings: Surroundings, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file.write_text(entry("team", "keyring = true"))
        monkeypatch.setattr(key_commands, "is_installed", lambda: True)
        without = replace(surroundings, read_keyring=no_keyring)
        finding = only(looked(without, **OPENAI), Level.FAULT)
        assert finding.command.endswith("credentials add team --provider openai --replace")
        # A run that asks for no such key goes without it.
        assert only(looked(without), Level.WARNING) == replace(finding, level=Level.WARNING)

    def test_whose_package_is_missing(
        self, surroundings: Surroundings, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def none(_name: str) -> str:
            raise ConfigError("the package is not installed", Hint("", "type: pip install it"))

        file.write_text(entry("team", "keyring = true"))
        monkeypatch.setattr(key_commands, "is_installed", lambda: False)
        finding = only(looked(replace(surroundings, read_keyring=none), **OPENAI), Level.FAULT)
        assert finding.command == "/opt/it/bin/python -m pip install 'keyring>=25'"
        assert finding.hint == ""
