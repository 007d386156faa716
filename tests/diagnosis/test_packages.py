from importlib.metadata import EntryPoint, PackageNotFoundError

import pytest

from agentos.core.errors import ConfigError
from agentos.diagnosis import packages
from agentos.diagnosis.finding import Level
from agentos.diagnosis.packages import check, missing
from agentos.diagnosis.surroundings import Surroundings

VERSIONS = {"old": "7.9.3", "new": "8.10", "odd": "8.2.0.dev3"}


@pytest.fixture
def _versions(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name not in VERSIONS:
            raise PackageNotFoundError(name)
        return VERSIONS[name]

    monkeypatch.setattr(packages, "version", version)


@pytest.mark.usefixtures("_versions")
def test_requirements_that_are_not_met() -> None:
    ours = ["old>=8.2", "new>=8.2", "odd>=8.2", "gone>=1", "sdk>=2,<3; extra == 'sdk'", "any"]
    assert list(missing(ours)) == ["old>=8.2", "gone>=1"]


@pytest.mark.usefixtures("_versions")
def test_what_is_missing_is_installed(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "requires", lambda _name: ["gone>=1"])
    [finding] = check(surroundings)
    assert finding.level is Level.FAULT
    assert finding.command == "/opt/it/bin/python -m pip install 'gone>=1'"


def test_a_provider_that_cannot_be_imported(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EntryPoint("broken", "no_such_module:PROVIDER", "agentos.models")
    monkeypatch.setattr(packages, "installed", lambda: {"broken": broken})
    [finding] = check(surroundings)
    assert finding.level is Level.WARNING
    assert "no_such_module" in finding.sentence
    assert finding.command.endswith("pip uninstall --yes broken")


def test_two_packages_with_one_provider(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed() -> None:
        raise ConfigError("two packages bring it", "uninstall one of them")

    monkeypatch.setattr(packages, "installed", installed)
    [finding] = check(surroundings)
    assert (finding.level, finding.hint) == (Level.FAULT, "uninstall one of them")


def test_ours_are_met(surroundings: Surroundings) -> None:
    assert [finding.level for finding in check(surroundings)] == [Level.OK]
