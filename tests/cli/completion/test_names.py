"""The names of credentials and of those who take keys."""

from pathlib import Path

import pytest
from tab_answers import words

from agentos.cli.completion import credentials, models


def test_names_of_all_places_and_of_ones_own(
    project: Path, environ: dict[str, str], own_home: Path
) -> None:
    environ |= {"AGENTOS_CREDENTIALS": "team:NOT_SET:openai", "GEMINI_API_KEY": "x"}
    folder = own_home / "config/agentos"
    folder.mkdir(parents=True)
    (folder / "credentials.toml").write_text('[[credential]]\nname = "mine"\nenv = "NOT"\n')
    (project / "agentos.toml").write_text('[[credential]]\nname = "theirs"\nenv = "X"\n')
    assert credentials.all_names(project, environ) == ["team", "mine", "GEMINI_API_KEY"]
    assert credentials.own_names(environ) == ["mine"]


def test_the_commands_offer_them(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "team:NOT_SET:openai")
    folder = own_home / "config/agentos"
    folder.mkdir(parents=True)
    (folder / "credentials.toml").write_text('[[credential]]\nname = "mine"\nenv = "NOT"\n')
    assert words("credentials test ") == ["team", "mine"]
    assert words("credentials test mine ") == ["team"]
    assert words("credentials test --model emb") == ["embedded"]
    assert words("credentials remove ") == ["mine"]
    assert words("credentials add x --provider=anth") == ["--provider=anthropic"]
    assert words("credentials add x --store ") == ["keyring", "file"]


def test_who_can_be_given_a_key() -> None:
    names = [name for name, _ in models.account_names()]
    assert names[:4] == ["anthropic", "gemini", "openai", "command/claude"]
