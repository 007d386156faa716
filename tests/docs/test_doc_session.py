"""The shell that a page's commands are typed into."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_session import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    environ = {"PATH": os.environ["PATH"]}
    with Session(tmp_path, tmp_path, environ) as session:
        yield session


def test_what_a_command_changes_lasts(session: Session, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    assert session.run("cd below; export NAME=value") == (0, "")
    assert session.run('echo "$NAME"; basename "$PWD"; false') == (1, "value\nbelow\n")


def test_its_input_is_a_terminal(session: Session) -> None:
    assert session.run("test -t 0 && test -t 1 && printf 'no newline'") == (0, "no newline")


def test_ctrl_c_ends_what_runs_and_not_the_shell(session: Session) -> None:
    code, shown = session.run("sh -c 'echo ready; exec sleep 600'", ["ready", "^C"])
    assert (code, shown) == (130, "ready\n^C")
    assert session.run("echo on") == (0, "on\n")


def test_what_is_asked_for_is_typed_and_a_secret_is_not_shown(session: Session) -> None:
    # The echo is off before the prompt is there, as with every program that asks so.
    secret = "stty -echo; printf 'Key: '; read -r key; stty echo; echo"
    ask = f"{secret}; printf 'Name: '; read -r name; echo $key/$name"
    types = [("Key:", "made-up\n"), ("Name:", "ada\n")]
    assert session.run(ask, [], types) == (0, "Key: \nName: ada\nmade-up/ada\n")
    assert not types


def test_what_is_not_asked_for_is_not_typed(session: Session) -> None:
    types = [("Key:", "made-up\n")]
    assert session.run("true", [], types) == (0, "")
    assert types


def test_a_command_that_ends_before_ctrl_c_is_a_failure(session: Session) -> None:
    with pytest.raises(AssertionError, match="ended before Ctrl-C"):
        session.run("true", ["never", "^C"])


def test_one_in_the_background_is_waited_for_until_it_has_shown_its_lines(session: Session) -> None:
    code, shown = session.run("(sleep 0.2; echo up; sleep 600) &", ["up"])
    assert (code, shown) == (0, "up\n")
