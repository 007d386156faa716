"""Tab, in the shells themselves, set up by the lines that `agentos completion --help` shows."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Workspace
from shells import PROMPT, Shell

BIN = Path(sys.executable).parent
EVIL = "Evil $(touch pwned) `touch pwned` \\a\\x %n 50%: 'q\" \x1b]0;evil\x07 {a,b}"

STARTED = {"bash": ["bash", "-i"], "zsh": ["zsh", "-i"], "fish": ["fish", "-i"]}
SET_PROMPT = {
    ".bashrc": f"PS1='{PROMPT}'\n",
    ".zshrc": f"PS1='{PROMPT}'\n",
    ".config/fish/config.fish": f"function fish_prompt; echo -n '{PROMPT}'; end\n",
}

needs = {
    name: pytest.mark.skipif(not shutil.which(name), reason=f"there is no {name}")
    for name in STARTED
}
in_each_shell = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs[name]) for name in STARTED]
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's, whose shells have a prompt that the tests know."""
    folder = tmp_path / "user"
    for name, text in SET_PROMPT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }


@pytest.fixture
def backlog(shelf: Workspace) -> Path:
    """Issues 43, 57 and 58; what the last two are called is meant to do harm."""
    shelf.keep_issues("none")
    (shelf.root / "issues/043-loans.md").write_text("# Loans: reminders, and more\n")
    (shelf.root / "issues/057-evil.md").write_text(f"# {EVIL}\n")
    (shelf.root / "issues/058-a\n58,b;touch pwned\t$(touch pwned).md").write_text("no title\n")
    return shelf.root


def set_up(name: str, environ: dict[str, str]) -> None:
    """What --help says is to be typed once."""
    agentos = [str(BIN / "agentos"), "completion", "--help"]
    text = subprocess.run(agentos, capture_output=True, text=True, check=True).stdout
    block = re.search(rf"^  {name}\n((?:    .+\n)+)", text, re.MULTILINE)
    assert block is not None
    subprocess.run(["sh", "-ec", block[1]], env=environ, check=True)


@pytest.fixture
def shell(name: str, environ: dict[str, str], backlog: Path) -> Iterator[Shell]:
    set_up(name, environ)
    with Shell(STARTED[name], environ, backlog) as started:
        yield started


@in_each_shell
def test_tab_completes(shell: Shell, name: str, backlog: Path) -> None:
    lines = {
        "agentos par": "agentos parallel",
        "agentos parallel lld --dry": "agentos parallel lld --dry-run",
        "agentos parallel lld 4": "agentos parallel lld 43",
        "agentos parallel lld 43 58 5": "agentos parallel lld 43 58 57",
        "agentos lld LLD-04": "agentos lld LLD-043",
        "agentos issue --reviewer=em": "agentos issue --reviewer=embedded",
        "agentos lld --drafter op\tgpt": "agentos lld --drafter openai/gpt",
        "agentos status --project=iss": "agentos status --project=issues",
        f"{BIN}/agentos stat": f"{BIN}/agentos status",
        "agentos nothing ": "agentos nothing",
    }
    for line, expected in lines.items():
        assert shell.completed(line).removesuffix("/") == expected.removesuffix("/")
    assert not (backlog / ".agentos").exists()


@in_each_shell
def test_a_hostile_title_does_nothing(shell: Shell, name: str, backlog: Path) -> None:
    before = sorted(path.name for path in backlog.iterdir())
    assert shell.completed("agentos lld 57") == "agentos lld 57"
    assert shell.completed("agentos lld 43 5") == "agentos lld 43 5"
    screen = shell.offered("agentos parallel lld ", last="58")
    if name != "bash":  # which shows words only
        shell.wait_until(lambda: "touch pwned" in shell.screen.partition("58")[2])
        assert "Loans: reminders, and more" in screen
        assert "Evil $(touch pwned)" in screen
    assert b"\x1b]0;evil" not in shell.shown
    assert sorted(path.name for path in backlog.iterdir() if path.name != "line.txt") == before


@in_each_shell
def test_without_the_command_tab_is_silent(
    name: str, environ: dict[str, str], backlog: Path
) -> None:
    set_up(name, environ)
    with Shell(STARTED[name], environ | {"PATH": "/usr/bin:/bin"}, backlog) as shell:
        assert "agentos" not in shell.screen
        assert shell.completed("agentos par") == "agentos par"
        assert "not found" not in shell.screen
        assert "No such file" not in shell.screen


@needs["zsh"]
def test_the_script_as_a_file_where_zsh_looks_for_functions(
    environ: dict[str, str], home: Path, backlog: Path
) -> None:
    script = subprocess.run([BIN / "agentos", "completion", "zsh"], capture_output=True, check=True)
    (home / "functions").mkdir()
    (home / "functions/_agentos").write_bytes(script.stdout)
    with (home / ".zshrc").open("a") as file:
        file.write("fpath=(~/functions $fpath); autoload -Uz compinit; compinit -u\n")
    with Shell(STARTED["zsh"], environ, backlog) as shell:
        assert shell.completed("agentos par") == "agentos parallel"
        assert shell.completed("agentos lld 4") == "agentos lld 43"
