from dataclasses import replace
from pathlib import Path

import pytest
from findings import only, wrong

from agentos.diagnosis.finding import Level
from agentos.diagnosis.models import check
from agentos.diagnosis.surroundings import Surroundings
from agentos.models import catalog


def setting(surroundings: Surroundings, **environ: str) -> Surroundings:
    return replace(surroundings, environ={**surroundings.environ, **environ})


def test_those_of_nobodys_choice(surroundings: Surroundings) -> None:
    assert [one.sentence for one in check(surroundings)] == [
        "embedded (default)",
        "embedded (as the drafter)",
    ]


def test_both_roles_are_told_of_but_once_of_one_fault(
    surroundings: Surroundings, project: Path
) -> None:
    (project / "agentos.toml").write_text('drafter = "nobody/x"\nreviewer = "openai"\n')
    found = wrong(check(surroundings))
    assert [one.subject for one in found] == ["drafter", "reviewer"]
    assert {one.command for one in found} == {"${EDITOR:-vi} agentos.toml"}
    both = setting(surroundings, AGENTOS_DRAFTER="nobody/x", AGENTOS_REVIEWER="nobody/x")
    assert only(check(both), Level.FAULT).command == "unset AGENTOS_DRAFTER"


def test_a_reviewer_that_is_the_drafter_is_changed_where_that_is_set(
    surroundings: Surroundings,
) -> None:
    one = setting(surroundings, AGENTOS_DRAFTER="command/claude", PATH="/nonexistent")
    assert only(check(one), Level.FAULT).command == "unset AGENTOS_DRAFTER"


def test_a_command_is_changed_where_its_program_is_named(
    surroundings: Surroundings, project: Path
) -> None:
    (project / "agentos.toml").write_text("[commands.mine]\nargv = ['/no/program']\n")
    one = setting(surroundings, AGENTOS_REVIEWER="command/mine")
    finding = only(check(one), Level.FAULT)
    assert finding.command == "${EDITOR:-vi} agentos.toml"
    assert finding.hint == "install it, or correct the command"


def test_a_package_that_is_missing(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "missing_package", lambda _provider: "openai>=3,<4")
    monkeypatch.setattr("agentos.diagnosis.models.missing_package", lambda _one: "openai>=3,<4")
    finding = only(check(setting(surroundings, AGENTOS_DRAFTER="openai/x")), Level.FAULT)
    assert finding.command == "/opt/it/bin/python -m pip install 'openai>=3,<4'"
    assert "pip" not in finding.hint


def test_settings_of_a_provider_that_is_misspelt(surroundings: Surroundings, project: Path) -> None:
    (project / "agentos.toml").write_text("[providers.opemai]\nidle_timeout = 1\n")
    finding = only(check(surroundings), Level.FAULT)
    assert (finding.subject, finding.command) == ("settings", "${EDITOR:-vi} agentos.toml")
    assert finding.hint == "is openai meant?"


def test_settings_that_cannot_be_read(surroundings: Surroundings, project: Path) -> None:
    (project / "agentos.toml").write_text("[")
    assert "not looked at" in only(check(surroundings), Level.WARNING).sentence
