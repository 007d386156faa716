from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from findings import only, typed, wrong

from agentos.diagnosis.finding import Level
from agentos.diagnosis.settings import check, check_trust
from agentos.diagnosis.surroundings import Surroundings


def test_each_place_is_looked_at(
    surroundings: Surroundings, project: Path, user_config: Callable[[str], None]
) -> None:
    user_config("drafter = [\n")
    (project / "agentos.toml").write_text("nonsense = 1\n")
    broken = {**surroundings.environ, "AGENTOS_MAX_TOKENS": "-1", "OPENAI_BASE_URL": "ftp://x"}
    found = wrong(check(replace(surroundings, environ=broken)))
    assert [finding.command for finding in found] == [
        "unset AGENTOS_MAX_TOKENS",
        "unset OPENAI_BASE_URL",
        f"${{EDITOR:-vi}} {surroundings.config_folder / 'config.toml'}",
        "${EDITOR:-vi} agentos.toml",
    ]


def test_a_table_of_pyproject(surroundings: Surroundings, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.agentos]\nnonsense = 1\n")
    assert only(check(surroundings), Level.FAULT).command == "${EDITOR:-vi} pyproject.toml"


def test_two_files_of_the_project(surroundings: Surroundings, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.agentos]\nbudget = 1\n")
    (project / "agentos.toml").write_text("budget = [\n")
    assert only(check(surroundings), Level.FAULT).command == "${EDITOR:-vi} agentos.toml"
    (project / "agentos.toml").write_text("budget = 1\n")
    finding = only(check(surroundings), Level.FAULT)
    assert finding.sentence.endswith("are there; keep one")
    typed(finding, project)
    assert not wrong(check(surroundings))


def test_a_folder_in_the_place_of_a_file(surroundings: Surroundings, project: Path) -> None:
    (project / "agentos.toml").mkdir()
    typed(only(check(surroundings), Level.FAULT), project)
    assert not wrong(check(surroundings))


def test_where_settings_come_from(surroundings: Surroundings, project: Path) -> None:
    assert [one.sentence for one in check(surroundings)] == [
        "nothing is set, the defaults count",
    ]
    (project / "agentos.toml").write_text("budget = 1\n")
    chosen = replace(surroundings, environ={**surroundings.environ, "AGENTOS_DRAFTER": "embedded"})
    assert [one.sentence for one in check(chosen)] == ["from AGENTOS_DRAFTER, agentos.toml"]


class TestTrust:
    def test_that_is_needed(self, surroundings: Surroundings, project: Path) -> None:
        (project / "agentos.toml").write_text('drafter = "command/claude"\n')
        finding = only(check_trust(surroundings), Level.FAULT)
        assert finding.hint == "read the file; if it does what you want"
        assert finding.command.endswith("agentos config trust")

    @pytest.mark.parametrize("content", ["{", "[]"])
    def test_whose_list_is_damaged(self, surroundings: Surroundings, content: str) -> None:
        """Once it is gone, what has to be trusted again is told."""
        (surroundings.project.root / "agentos.toml").write_text('drafter = "command/claude"\n')
        folder = surroundings.config_folder
        folder.mkdir(parents=True)
        (folder / "trusted.json").write_text(content)
        finding = only(check_trust(surroundings), Level.FAULT)
        assert finding.command == f"rm {folder / 'trusted.json'}"
        assert not wrong(check(surroundings))
        typed(finding, folder)
        assert "is not trusted" in only(check_trust(surroundings), Level.FAULT).sentence

    def test_of_a_file_that_cannot_be_read(self, surroundings: Surroundings, project: Path) -> None:
        (project / "agentos.toml").write_text("[")
        assert not list(check_trust(surroundings))
