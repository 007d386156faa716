"""What is shown of findings, and the exit code; what is found is in tests/diagnosis."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Agentos

from agentos.cli.commands import doctor
from agentos.diagnosis.finding import Finding, fault, ok, warning

SECRET = "sk-0123456789abcdefghij"
Show = Callable[..., tuple[int, str]]


@pytest.fixture
def shown(agentos: Agentos, monkeypatch: pytest.MonkeyPatch) -> Show:
    """What the command makes of findings."""

    def show(*findings: Finding) -> tuple[int, str]:
        monkeypatch.setattr(doctor, "examine", lambda _surroundings: list(findings))
        return agentos("doctor")

    return show


def test_lines_are_aligned_and_commands_stand_below(shown: Show, project: Path) -> None:
    code, output = shown(
        ok("python", "3.14"),
        warning("git", "no repository", command="git init ."),
        fault("credentials", "no key", hint="there are two ways", command="agentos x"),
    )
    assert code == 1
    heading, _, *lines = output.splitlines()
    assert heading.endswith(f", {project}")
    assert lines == [
        "ok       python       3.14",
        "warning  git          no repository",
        "                      $ git init .",
        "fault    credentials  no key",
        "                      there are two ways",
        "                      $ agentos x",
        "",
        "1 fault, 1 warning",
    ]


def test_without_a_fault_all_is_well(shown: Show) -> None:
    assert shown(ok("python", "3.14"), warning("git", "none"))[0] == 0
    assert shown(ok("python", "3.14"))[1].endswith("\nno fault, no warning\n")


def test_text_from_outside_does_nothing_to_the_screen(shown: Show) -> None:
    _, output = shown(fault("a\x1b[2J", "b\x1b[2J\n", hint="c\u202e", command="d\x07\n"))
    assert "\x1b" not in output
    assert "a\\x1b[2J  b\\x1b[2J\\n\n" in output
    assert "$ d\\x07\\n\n" in output


def test_paths_are_told_as_they_lie_in_the_project(shown: Show, project: Path) -> None:
    _, output = shown(fault("a", f"in {project}/docs and {project} and /mnt{project}/docs"))
    assert f"in docs and {project} and /mnt{project}/docs" in output


def test_no_secret_is_shown_whoever_repeats_it(
    shown: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {
        "OF_A_PLUGIN_TOKEN": SECRET,
        "TEAM": f"{SECRET}-2",
        "OPENAI_API_KEY": f"{SECRET}-3",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGENTOS_CREDENTIALS", "team:TEAM:openai")
    _, output = shown(fault("x", " ".join(variables.values()), command=f"say {SECRET}"))
    assert SECRET not in output
    assert output.count("***") == 4


def test_a_short_key_spoils_no_command(shown: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "openai")  # as is usual with a server of one's own
    command = "agentos credentials add x --provider openai"
    assert f"$ {command}\n" in shown(fault("credentials", "no key", command=command))[1]


def test_on_a_terminal_sentences_are_wrapped_and_commands_are_not(
    shown: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_columns", lambda: 40)
    command = "agentos " + "word " * 20
    _, output = shown(fault("git", "word " * 20, command=command))
    lines = output.splitlines()
    assert max(len(line) for line in lines if "$" not in line and "word" in line) <= 40
    assert f"              $ {command}".rstrip() in [line.rstrip() for line in lines]


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals_that_want_them(
    project: Path, no_color: str, coloured: bool
) -> None:
    ours, its = pty.openpty()
    environ = {"NO_COLOR": no_color, "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "agentos", "doctor", "--project", str(project)],
        stdout=its,
        env=os.environ | environ,
    )
    os.close(its)
    output = b""
    try:
        while chunk := os.read(ours, 65536):
            output += chunk
    except OSError:  # Linux' way to say that the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 1  # there is no backlog
    assert (re.search(rb"\x1b\[31m\x1b\[1mfault", output) is not None) is coloured
    assert (b"\x1b" in output) is coloured


def test_a_project_that_is_none(agentos: Agentos, project: Path) -> None:
    project.rmdir()
    code, output = agentos("doctor")
    assert code == 2
    assert "cannot be opened" in output
