"""Mistyped commands and options, and the wrong ways in that people take."""

import pytest

from agentos.cli import main

KEY = "sk-ant-api03-Zm9vYmFyYmF6cXV4-AbCdEf"


def error_of(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main.run(line.split()) == 2
    output = capsys.readouterr()
    assert output.out == ""
    return output.err.partition("Error: ")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("paralel lld", "Did you mean 'parallel'?"),
        ("statsu", "Did you mean 'status'?"),
        ("comp", "Did you mean 'completion'?"),
        ("parallel ldl", "Did you mean 'lld'?"),
        ("config trsut", "Did you mean 'trust'?"),
        ("parallel lld --dryrun", "Did you mean '--dry-run'?"),
        ("lld 42 --gracee 3", "Did you mean '--grace'?"),
        ("status --projetc x", "Did you mean '--project'?"),
        ("status --hlep", "Did you mean '--help'?"),
        ("--versoin", "Did you mean '--version'?"),
        ("completion bsh", "Did you mean 'bash'?"),
    ],
)
def test_what_is_mistyped_gets_a_suggestion(
    line: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert error_of(line, capsys).endswith(meant)


@pytest.mark.parametrize(
    ("line", "to_type"),
    [
        ("help", "agentos --help"),
        ("version", "agentos --version"),
        ("-V", "agentos --version"),
        ("run", "agentos parallel lld --all"),
        ("RUN --all", "agentos parallel lld --all"),
        ("resume", "agentos parallel lld --all"),
        ("--all", "agentos parallel lld --all"),
        ("-j 5", "agentos parallel lld --all"),
        ("--project x status", "agentos status --project DIR"),
        ("42", "agentos lld 42"),
        ("LLD-42", "agentos lld LLD-42"),
        ("list", "agentos status"),
        ("login", "agentos credentials add NAME"),
        ("parallel --all", "agentos parallel lld --all"),
        ("parallel --al", "agentos parallel lld --all"),
        ("parallel 42", "agentos parallel lld --all"),
        ("lld", "agentos parallel lld --all"),
        ("lld --all", "agentos parallel lld --all"),
        ("lld --al", "agentos parallel lld --all"),
        ("lld 42 -j 5", "agentos parallel lld --all"),
        ("issue --all", "agentos parallel issue --all"),
        ("issue dark-mode light-mode", "agentos parallel issue ITEM ITEM"),
    ],
)
def test_a_wrong_way_in_is_told_what_to_type(
    line: str, to_type: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert to_type in error_of(line, capsys)


def test_an_option_like_no_other_has_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of("status --xyzzy", capsys) == "There is no option '--xyzzy'."
    assert error_of("status -x", capsys) == "There is no option '-x'."


@pytest.mark.parametrize(
    "line",
    [
        KEY,
        f"{KEY} --all",
        f"status {KEY}",
        f"status {KEY} {KEY}x",
        f"status --{KEY}",
        f"status --key={KEY}",
        f"completion {KEY}",
        f"parallel lld -j {KEY}",
        f"parallel lld --grace={KEY}",
        f"parallel lld -j{KEY}",
        f"config {KEY}\\more",
        f"config {KEY}",
        f"models {KEY}'{KEY}",
    ],
)
def test_what_could_be_a_key_is_not_repeated(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = error_of(line, capsys)
    assert error
    assert KEY[:12] not in error
    assert KEY[-12:] not in error


def test_what_is_repeated_does_nothing_to_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert "(one two-words)" in error_of("status one two-words", capsys)
    assert main.run(["status", "\x1b[31mred", " ", "/"]) == 2
    assert "extra arguments (\\x1b[31mred   /)" in capsys.readouterr().err
