"""What is no file where a run wants one: made for real, and moved by the command that is named."""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from findings import only, typed, wrong

from agentos.diagnosis import journals, permissions, runs
from agentos.diagnosis.finding import Level
from agentos.diagnosis.surroundings import Surroundings
from agentos.records.state_folder import prepare_state


def bound(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)  # as a whole, the path may be too long


MAKERS: Mapping[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a socket": bound,
    "a folder": Path.mkdir,
}


@pytest.fixture
def state(surroundings: Surroundings) -> Path:
    project = surroundings.project
    prepare_state(project.state, project.root)
    return project.state.root


@pytest.mark.parametrize("name", ["lock", "numbering.lock", "index.lock"])
@pytest.mark.parametrize("kind", MAKERS)
def test_in_the_place_of_a_lock(
    surroundings: Surroundings, state: Path, project: Path, name: str, kind: str
) -> None:
    MAKERS[kind](state / name)
    finding = only(permissions.check_state_folder(surroundings), Level.FAULT)
    assert finding.sentence == f".agentos/{name} is {kind}, where a run needs a file"
    typed(finding, project)
    assert not (state / name).exists()


@pytest.mark.parametrize("suffix", ["", "-wal"])
@pytest.mark.parametrize("kind", MAKERS)
def test_in_the_place_of_a_journal(
    surroundings: Surroundings, state: Path, project: Path, suffix: str, kind: str
) -> None:
    path = state / "checkpoints/lld_workflow_1.db"
    if suffix:
        path.touch()
    MAKERS[kind](path.with_name(path.name + suffix))
    finding = only(journals.check(surroundings), Level.FAULT)
    assert finding.sentence.endswith(f".db{suffix} is {kind}, where its item needs a file")
    assert not wrong(permissions.check_state_folder(surroundings))
    typed(finding, project)
    assert not wrong(journals.check(surroundings))


@pytest.mark.parametrize("kind", ["a pipe", "a socket"])
def test_among_what_runs_have_made(
    surroundings: Surroundings, state: Path, project: Path, kind: str
) -> None:
    MAKERS[kind](state / "logs/odd")
    (state / "notes.txt").write_text("of the user's")
    finding = only(permissions.check_state_folder(surroundings), Level.WARNING)
    assert finding.sentence == f".agentos/logs/odd is {kind}, which no run has made"
    typed(finding, project)
    assert not (state / "logs/odd").exists()


@pytest.mark.parametrize("content", ["", "junk", "[]", None])
def test_a_summary_that_cannot_be_read_is_made_anew_without_it(
    surroundings: Surroundings, state: Path, project: Path, content: str | None
) -> None:
    run = state / "logs/parallel/20260101T000000Z-ab12"
    run.mkdir()
    if content is None:
        os.mkfifo(run / "summary.json")
    else:
        (run / "summary.json").write_text(content)
    finding = only(permissions.check_state_folder(surroundings), Level.WARNING)
    assert "/summary.json is damaged, so nobody knows how that run ended" in finding.sentence
    typed(finding, project)
    assert "was cut off" in only(runs.check_leftovers(surroundings), Level.WARNING).sentence


@pytest.mark.parametrize("target", [".agentos", "nowhere", "issues"])
def test_of_a_state_folder_that_is_a_symlink_nothing_more_is_told(
    surroundings: Surroundings, project: Path, target: str
) -> None:
    (project / ".agentos").symlink_to(target)
    finding = only(permissions.check_state_folder(surroundings), Level.FAULT)
    assert finding.command == "rm .agentos"
    assert not list(journals.check(surroundings))
    assert not list(runs.check_leftovers(surroundings))
