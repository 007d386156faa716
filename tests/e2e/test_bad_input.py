"""Bad input: a clear sentence, exit code 2, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import Workspace

from agentos.cli.options import safe_identifier
from agentos.core.errors import UsageError

BAD_IDS = ["../etc/passwd", "C:\\x", "a b", "", "x" * 300, "-", "42/../43", "🙂"]


def assert_refused(shelf: Workspace, code: int, output: str, *words: str) -> None:
    assert code == 2, output
    assert "Traceback" not in output
    for word in words:
        assert word in output
    assert not (shelf.root / ".agentos").exists()
    assert not (shelf.root / "docs/lld").exists()


@pytest.mark.parametrize("text", BAD_IDS)
@pytest.mark.parametrize("command", [("parallel", "lld"), ("lld",), ("parallel", "issue")])
def test_an_unsafe_id(shelf: Workspace, command: tuple[str, ...], text: str) -> None:
    assert_refused(shelf, *shelf.run(*command, "--", text))


def test_an_id_with_a_nul() -> None:
    # No argv can hold one, so the command never sees it; whoever calls the check does.
    with pytest.raises(UsageError, match="Invalid identifier"):
        safe_identifier("42\0")


@pytest.mark.parametrize("command", [("parallel", "lld"), ("lld",)])
def test_an_unknown_item(shelf: Workspace, command: tuple[str, ...]) -> None:
    assert_refused(shelf, *shelf.run(*command, "4711"), "There is no issue 4711")


def test_neither_all_nor_items(shelf: Workspace) -> None:
    assert_refused(shelf, *shelf.run("parallel", "lld"), "agentos parallel lld --all")


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_an_impossible_parallelism(shelf: Workspace, jobs: str) -> None:
    assert_refused(shelf, *shelf.run("parallel", "lld", "--all", "-j", jobs), "'-j'")


def test_more_than_ten_at_once_are_ten_with_a_warning(shelf: Workspace) -> None:
    shelf.keep_issues("042")

    code, output = shelf.run("parallel", "lld", "--all", "-j", "20")

    assert code == 0
    assert "Warning: 20 parallel workflows asked for, running 10" in output


@pytest.mark.parametrize(
    "options",
    [
        ("--grace", "nan"),
        ("--grace", "-1"),
        ("--timeout", "0"),
        ("--timeout", "1e20"),
        ("--idle-timeout", "nan"),
        ("--idle-timeout", "1e20"),
        ("-q", "-v"),
    ],
)
def test_options_that_make_no_sense(shelf: Workspace, options: tuple[str, ...]) -> None:
    assert_refused(shelf, *shelf.run("parallel", "lld", "--all", *options))


@pytest.mark.parametrize("seconds", ["0.5", "5", "9.9"])
def test_a_silence_that_is_none_is_refused(shelf: Workspace, seconds: str) -> None:
    code, output = shelf.run("parallel", "lld", "--all", "--idle-timeout", seconds)
    assert_refused(shelf, code, output, "less than 10", "gives a sign of life every 5 s")


def test_a_project_that_is_not_there(shelf: Workspace) -> None:
    shelf.root = shelf.root / "nowhere"
    assert_refused(shelf, *shelf.run("parallel", "lld", "--all"), "nowhere", "cannot be opened")


def test_a_backlog_that_is_not_there(shelf: Workspace) -> None:
    (shelf.root / "issues").rename(shelf.root / "tickets")
    assert_refused(shelf, *shelf.run("parallel", "lld", "--all"), "There is no folder", "issues")


def test_an_empty_backlog_is_no_fault(shelf: Workspace) -> None:
    shelf.keep_issues()

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 0
    assert "Nothing to do: the backlog has no open item." in output
    assert not (shelf.root / ".agentos").exists()


def test_two_issues_with_one_number(shelf: Workspace) -> None:
    (shelf.root / "issues/42-again.md").write_text("# Again\n")
    assert_refused(shelf, *shelf.run("parallel", "lld", "--all"), "Issue 42", "042-", "42-again.md")


def test_an_issue_that_is_not_utf8_fails_alone(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    (shelf.root / "issues/043-latin.md").write_bytes("# Bücher\n".encode("latin-1"))

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 1
    assert "[LLD-43] FAILED: 043-latin.md is not UTF-8" in output
    assert "1 approved, 1 failed (LLD-43)" in output


def test_nothing_is_made_of_an_empty_issue_until_somebody_writes_it(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    written = next((shelf.root / "issues").glob("042-*"))
    text = written.read_text()
    written.write_text("")

    code, output = shelf.run("lld", "42")

    assert code == 1
    assert f"LLD-42 failed: {written.name} is empty (write into it" in output
    assert not (shelf.root / "docs/lld").exists()

    written.write_text(text)
    assert shelf.run("lld", "42")[0] == 0


def test_a_title_that_would_like_to_paint_the_screen(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    original = next((shelf.root / "issues").glob("042-*"))
    body = original.read_text().partition("\n## ")[2]
    title = "[/red]\x1b[31m\x1b]0;owned\x07" + "long " * 1000
    (shelf.root / "issues/043-loud.md").write_text(f"# {title}\n\n## {body}")

    outputs = {}
    for words in ("parallel lld 43 --dry-run", "parallel lld 43", "status"):
        code, outputs[words] = shelf.run(*words.split())
        assert code == 0, outputs
    for output in outputs.values():
        assert not {"\x1b", "\x07"} & set(output)
        assert max(map(len, output.splitlines())) < 250
    assert "[/red]" in outputs["parallel lld 43 --dry-run"]
    assert "[/red]" in outputs["status"]


def test_a_state_folder_that_is_a_symlink(shelf: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shelf.root / ".agentos").symlink_to(elsewhere)

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 2
    assert ".agentos is a symlink" in output
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("place", ["docs", "docs/lld", "docs/lld/active", "docs/lineage"])
def test_an_output_folder_that_is_a_symlink(shelf: Workspace, tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shelf.root / place).parent.mkdir(parents=True, exist_ok=True)
    (shelf.root / place).symlink_to(elsewhere)

    for command in (("parallel", "lld", "--all"), ("lld", "42")):
        code, output = shelf.run(*command)
        assert code == 2
        assert "is a symlink" in output
    assert os.listdir(elsewhere) == []
    assert not (shelf.root / ".agentos").exists()


def test_a_mistyped_command(shelf: Workspace) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "agentos", "paralel"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "No such command" in result.stderr


def test_front_matter_that_would_fill_the_memory_fails_its_item_alone(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    bomb = "\n".join(["---", *lines, "state: *j", "---", "# A bomb", ""])
    (shelf.root / "issues/043-bomb.md").write_text(bomb)

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 1
    assert "[LLD-43] FAILED: 043-bomb.md: The front matter is not valid YAML" in output
    assert "1 approved, 1 failed (LLD-43)" in output


def test_an_issue_too_long_to_be_one_fails_alone(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    (shelf.root / "issues/043-long.md").write_text("# Long\n" + "text\n" * 300_000)

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 1
    assert "[LLD-43] FAILED: 043-long.md cannot be read: it is larger than 1048576 bytes" in output


@pytest.mark.parametrize("setting", ["abc", "-1"])
def test_a_setting_that_is_wrong(shelf: Workspace, setting: str) -> None:
    for command in (("parallel", "lld", "--all"), ("lld", "42")):
        answer = shelf.run(*command, AGENTOS_EMBEDDED_LATENCY=setting)
        assert_refused(shelf, *answer, "AGENTOS_EMBEDDED_LATENCY")
