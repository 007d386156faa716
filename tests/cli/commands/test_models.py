import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Agentos

from agentos.core.installation import install_command
from agentos.models.command.presets import PRESETS

KEY = "sk-ant-api03-Zm9vYmFy"
ADDRESS = "http://localhost:9/v1"


@pytest.fixture
def row(agentos: Agentos) -> Callable[[str], list[str]]:
    """The cells of a provider's row that are not empty."""

    def find(provider: str) -> list[str]:
        code, output = agentos("models")
        assert code == 0, output
        assert KEY not in output
        [line] = [one for one in output.splitlines() if one.split("  ")[0] == provider]
        return [cell.strip() for cell in line.split("  ") if cell]

    return find


def test_each_provider_is_listed_and_who_drafts_and_reviews(agentos: Agentos) -> None:
    code, output = agentos("models")
    assert code == 0
    heading, *lines = output.splitlines()
    assert heading.split() == ["PROVIDER", "PACKAGE", "CREDENTIALS", "WHERE"]
    assert [line.split()[0] for line in lines[:-2]] == [
        "anthropic/NAME",
        "command/NAME",
        "embedded",
        "gemini/NAME",
        "openai/NAME",
    ]
    assert lines[-2:] == ["drafter: embedded (default)", "reviewer: embedded (as the drafter)"]


def test_the_embedded_model_needs_nothing(row: Callable[[str], list[str]]) -> None:
    assert row("embedded") == ["embedded", "nothing needed", "none needed"]


def test_of_commands_presets_and_ones_own_are_listed(
    row: Callable[[str], list[str]], user_config: Callable[[str], None]
) -> None:
    assert row("command/NAME")[1:] == [
        "nothing needed",
        "the program's own login",
        ", ".join(sorted(PRESETS)),
    ]
    user_config('[commands.aardvark]\nargv = ["aardvark"]\n[commands.claude]\nmodel = "big"\n')
    assert row("command/NAME")[-1] == ", ".join(["aardvark", *sorted(PRESETS)])


def test_a_key_is_shown_by_its_name_and_its_absence_with_what_to_set(
    row: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert row("openai/NAME")[2:] == ["missing: agentos credentials add openai"]
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert row("openai/NAME")[2:] == ["OPENAI_API_KEY"]
    monkeypatch.setenv("TEAM", KEY)
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "one:TEAM:openai,two:TEAM:openai,x:TEAM:gemini")
    assert row("openai/NAME")[2:] == ["one, two"]
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "mine:TEAM:command/mine")
    assert row("command/NAME")[2] == "mine"


def test_an_address_that_is_not_trusted_is_marked(
    row: Callable[[str], list[str]],
    agentos: Agentos,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_key = "none; a server of your own may need none"
    (project / "agentos.toml").write_text(f'[providers.openai]\nbase_url = "{ADDRESS}"\n')
    assert row("openai/NAME")[2:] == [without_key, f"{ADDRESS} (not trusted)"]
    assert len(row("anthropic/NAME")) == 3
    monkeypatch.setenv("OPENAI_BASE_URL", "http://mine.example/v1")  # which is the user's own
    assert row("openai/NAME")[2:] == [without_key, "http://mine.example/v1"]
    monkeypatch.delenv("OPENAI_BASE_URL")
    agentos("config", "trust")
    assert row("openai/NAME")[2:] == [without_key, ADDRESS]


def test_a_package_is_shown_with_its_version_or_with_how_to_get_it(
    row: Callable[[str], list[str]],
    agentos: Agentos,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    info = tmp_path / "site" / "acme-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(
        "[agentos.models]\n"
        "there = acme_there:THERE\nmissing = acme_there:MISSING\nunknown = acme_there:UNKNOWN\n"
        "broken = acme_broken:PROVIDER\n"
    )
    (tmp_path / "site" / "acme_there.py").write_text(
        "from agentos.core.providers import Provider\n"
        "def provider(name, *needs):\n"
        "    return Provider(name, lambda *_: None, requirement=needs[0], module=needs[1])\n"
        'THERE = provider("there", "acme>=1,<2", "acme_there")\n'
        'MISSING = provider("missing", "acme-sdk>=2", "acme_sdk_not_there")\n'
        'UNKNOWN = provider("unknown", "acme-of-no-index", "acme_there")\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "acme_there", raising=False)
    try:
        assert row("there/NAME")[1] == "acme 1.5"
        assert row("missing/NAME")[1] == "missing"
        needed = f"The package for missing: {install_command('acme-sdk>=2')}"
        assert [line for line in agentos("models")[1].splitlines() if "package" in line] == [needed]
        assert row("unknown/NAME")[1:] == ["installed", "missing: agentos credentials add unknown"]
        assert row("broken")[1:] == ["cannot be imported"]
    finally:
        sys.modules.pop("acme_there", None)


def test_a_key_in_an_address_is_not_shown(
    agentos: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up-0000000000")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/sk-made-up-0000000000/v1")
    code, output = agentos("models")
    assert code == 0
    assert "http://127.0.0.1:9/***/v1" in output
    assert "sk-made-up" not in output
