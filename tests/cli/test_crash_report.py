"""What a report of a crash does not hold."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from agentos.cli import known_secrets
from agentos.cli.crash_report import write_crash_report

SECRET = "house-0123456789abcdef"


def report(environ: dict[str, str], home: Path) -> str:
    places = {"XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
    path = write_crash_report(ValueError(f"near {SECRET}"), environ | places)
    assert path is not None
    assert path.is_relative_to(home)
    return path.read_text()


def test_the_key_of_a_provider_that_somebody_else_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "acme_house.py").write_text(
        "from agentos.core.providers import Provider\n"
        "PROVIDER = Provider('house', print, key_variable='HOUSE')\n"
    )
    monkeypatch.syspath_prepend(site)
    entry = EntryPoint("house", "acme_house:PROVIDER", "agentos.models")
    monkeypatch.setattr(known_secrets, "installed", lambda: {"house": entry})
    assert "ValueError: near ***" in report({"HOUSE": SECRET}, tmp_path)


@pytest.mark.parametrize("name", ["HOUSE_KEY", "HOUSE_TOKEN", "HOUSE_SECRET", "HOUSE_PASSWORD"])
def test_what_is_called_as_a_key_is_though_nobody_asks_for_it(tmp_path: Path, name: str) -> None:
    assert "ValueError: near ***" in report({name: SECRET}, tmp_path)


def test_packages_that_are_broken_hide_no_other_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, EntryPoint]:
        raise RuntimeError

    monkeypatch.setattr(known_secrets, "installed", broken)
    environ = {"TEAM": SECRET, "AGENTOS_CREDENTIALS": "team:TEAM:openai", "PLAIN": "ValueError"}
    assert "ValueError: near ***" in report(environ, tmp_path)


def test_where_a_place_of_credentials_cannot_be_read_no_variable_is_shown(tmp_path: Path) -> None:
    environ = {"AGENTOS_CREDENTIALS": "broken", "TEAM": SECRET}
    assert "ValueError: near ***" in report(environ, tmp_path)
