"""Which words are offered, whatever the shell."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tab_answers import lines_for, words


def test_commands() -> None:
    assert words("par") == ["parallel"]
    assert words("parallel ") == ["lld", "issue"]
    assert words("config ") == ["show", "trust"]
    assert words("nothing ") == []


def test_options() -> None:
    assert words("parallel lld --dr") == ["--dry-run", "--drafter"]
    assert words("parallel lld --dry-run --dr") == ["--drafter"]
    assert words("--ver") == ["--version"]


def test_open_items_that_are_not_given_yet(backlog: Path) -> None:
    assert words("parallel lld ") == ["42", "430"]
    assert words("parallel lld LLD-042 ") == ["430"]
    assert words("parallel lld 430 nonsense 43") == []
    assert words("lld 43") == ["430"]
    assert words("lld 430 ") == []
    assert words("parallel issue ") == ["dark-mode"]


def test_titles_stand_beside_items(backlog: Path) -> None:
    assert lines_for("fish", "lld 4")[0] == "plain,42\tExport: BibTeX, and more"


def test_an_item_as_somebody_began_to_write_it(backlog: Path) -> None:
    assert words("lld LLD-4") == ["LLD-42", "LLD-430"]
    assert words("lld lld-04") == ["lld-042", "lld-0430"]
    assert words("lld 004") == ["0042", "00430"]
    assert words("issue Dark") == ["Dark-mode"]
    assert words("issue issue-d") == ["issue-dark-mode"]


def test_items_of_the_project_that_the_line_names(
    backlog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert words("lld ") == []
    for named in ("shelf", "~/shelf", "$HOME/shelf", "'shelf'", str(backlog)):
        assert words(f"lld --project {named} 43") == ["430"], named
        assert words(f"lld --project={named} 43") == ["430"], named
        assert words("lld 43", f" --project {named}") == ["430"], named
        assert words("lld 43", f" -q --project={named}") == ["430"], named


def test_folders_are_left_to_the_shell() -> None:
    assert lines_for("bash", "status --project=sh", word="sh") == ["dir,"]
    assert lines_for("fish", "status --project sh") == ["dir,"]


def test_models(backlog: Path, user_config: Callable[[str], None]) -> None:
    user_config('drafter = "embedded"\nreviewer = "openai/mine"\n')
    (backlog / "agentos.toml").write_text(
        'drafter = "openai/llama3:8b"\n[commands.own]\nargv = ["true"]\n'
        '[models."gemini/pro"]\nmax_output_tokens = 9\n[prices."anthropic/x"]\ninput = 1\n'
        '[providers.openai]\nbase_url = "http://localhost/v1"\n'
    )
    found = words("lld --drafter ")
    assert found == [
        "embedded",
        "anthropic/x",
        "command/own",
        "gemini/pro",
        "openai/llama3:8b",
        "openai/mine",
        *(f"command/{name}" for name in ("claude", "codex", "gemini", "llm")),
        *("anthropic/", "command/", "gemini/", "openai/"),
    ]
    assert words("parallel lld --reviewer=em") == ["--reviewer=embedded"]
    assert words("lld --drafter openai/mine") == []


def test_a_name_that_no_shell_would_take_as_it_is_is_not_offered(
    backlog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTOS_DRAFTER", "openai/$(touch pwned)")
    monkeypatch.setenv("AGENTOS_REVIEWER", "sk-ant-api03-Zm9vYmFy")  # a key in the wrong place
    assert words("lld --drafter openai/") == []
    assert words("lld --drafter sk") == []


def test_what_is_set_wrongly_hides_nothing_else(backlog: Path) -> None:
    (backlog / "agentos.toml").write_text("drafter = [")
    assert words("lld --drafter emb") == ["embedded"]


def test_the_shells() -> None:
    assert words("completion ") == ["bash", "zsh", "fish"]
