"""What each shell gets; the shells themselves are in tests/e2e."""

import os
from pathlib import Path

import pytest
from tab_answers import lines_for

from agentos.cli.completion.scripts import SCRIPTS

HOSTILE = r"$(touch pwned) `touch pwned` \\a %n: 'q' \n two \t \e]0;evil\a \u202e"


def test_bash_gets_what_it_replaces_and_no_more(backlog: Path) -> None:
    (backlog / "agentos.toml").write_text('drafter = "openai/llama3:8b"')
    assert lines_for("bash", "lld 4", word="4") == ["plain,42", "plain,430"]
    line = "lld --drafter openai/llama3:"
    assert lines_for("bash", line, word="") == ["plain,8b"]
    assert lines_for("bash", f"{line}8", word="8") == ["plain,8b"]
    assert lines_for("bash", f"{line}8", word="openai/llama3:8") == ["plain,openai/llama3:8b"]
    line = "lld --drafter=em"
    assert lines_for("bash", line, word="em") == ["plain,embedded"]
    assert lines_for("bash", line, word="--drafter=em") == ["plain,--drafter=embedded"]


def test_bash_adds_no_space_where_a_name_goes_on(backlog: Path) -> None:
    assert lines_for("bash", "lld --drafter op", word="op") == ["plain,openai/", "nospace,"]


def test_zsh_gets_three_lines_a_word(backlog: Path) -> None:
    (backlog / "agentos.toml").write_text('drafter = "openai/llama3:8b"')
    assert lines_for("zsh", "lld 4")[:3] == ["described", "42", "Export: BibTeX, and more"]
    assert lines_for("zsh", "lld --drafter=openai/")[:3] == [
        *("described", r"openai/llama3\:8b", "named by a setting")
    ]
    assert lines_for("zsh", "lld --drafter op")[-3:-1] == ["stem", "openai/"]
    assert lines_for("zsh", "status --project x") == ["dir", "", ""]
    assert lines_for("zsh", "completion zs") == ["plain", "zsh", ""]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_hostile_title_is_one_harmless_line(backlog: Path, shell: str) -> None:
    for path in (backlog / "issues").iterdir():
        path.unlink()
    (backlog / "issues/042-x.md").write_text(f'---\ntitle: "{HOSTILE}"\n---\n')
    (backlog / "issues/043-a\nb\t$(touch pwned);'.md").write_text("no title\n")
    lines = lines_for(shell, "lld 4")
    assert len(lines) == {"bash": 2, "zsh": 6, "fish": 2}[shell]
    for line in lines:
        assert line.replace("\t", "", int(shell == "fish")).isprintable()
    assert shell == "bash" or "$(touch pwned)" in lines[0 if shell == "fish" else 2]


def test_a_title_is_cut(backlog: Path) -> None:
    (backlog / "issues/042-export.md").write_text("# " + "long " * 50)
    assert len(lines_for("zsh", "lld 4")[2]) == 70


def test_a_title_that_cannot_be_encoded(backlog: Path) -> None:
    (backlog / "issues/042-export.md").unlink()
    Path(os.fsdecode(os.fsencode(backlog / "issues/042-") + b"\xff.md")).write_text("x\n")
    assert lines_for("fish", "lld 4")[0].encode().startswith(b"plain,42\t")
