import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from agentos.core.errors import UnsafePathError, UsageError
from agentos.core.paths import StatePaths, state_paths
from agentos.records.state_folder import check_state, prepare_state

Unprivileged = Callable[[], AbstractContextManager[None]]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder: Path) -> list[tuple[Path, int]]:
    return sorted((path, path.lstat().st_mode) for path in folder.rglob("*"))


def test_makes_private_folders_and_ignores_itself(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / ".agentos")
    prepare_state(paths, tmp_path)
    for folder in (paths.root, paths.checkpoints, paths.runs.parent, paths.runs):
        assert mode(folder) == 0o700
    assert (paths.root / ".gitignore").read_text() == "*\n"
    assert [path.name for path in tmp_path.iterdir()] == [".agentos"]


def test_may_be_repeated_and_narrows_an_open_folder(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / ".agentos")
    prepare_state(paths, tmp_path)
    (paths.root / ".gitignore").write_text("mine\n")
    paths.root.chmod(0o755)
    prepare_state(paths, tmp_path)
    assert mode(paths.root) == 0o700
    assert (paths.root / ".gitignore").read_text() == "mine\n"


PREPARE_ALL = """
import sys
from pathlib import Path
from agentos.core.paths import StatePaths
from agentos.records.state_folder import prepare_state
print("ready", flush=True)
sys.stdin.readline()
for project in sorted(Path(sys.argv[1]).iterdir()):
    prepare_state(StatePaths(project / ".agentos"), project)
"""


def test_runs_that_start_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number:02}").mkdir()
    command = [sys.executable, "-c", PREPARE_ALL, str(tmp_path)]
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
                )
            )
            for _ in range(3)
        ]
        for run in runs:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
        for run in runs:
            assert run.stdin is not None
            run.stdin.write("go\n")
    assert [run.returncode for run in runs] == [0, 0, 0]
    written = {path.read_text() for path in tmp_path.glob("*/.agentos/.gitignore")}
    assert written == {"*\n"}


def test_lies_in_the_home_that_the_environment_names(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "far" / "home"
    project.mkdir()
    paths = state_paths(project, {"AGENTOS_HOME": str(home)})
    prepare_state(paths, project)
    assert mode(home) == mode(paths.root) == mode(paths.runs) == 0o700
    assert (paths.root / ".gitignore").exists()
    assert list(project.iterdir()) == []


def test_a_home_that_is_a_symlink_is_the_users_choice_but_not_what_lies_in_it(
    tmp_path: Path,
) -> None:
    project, real = tmp_path / "project", tmp_path / "real"
    project.mkdir()
    real.mkdir()
    home = tmp_path / "home"
    home.symlink_to(real)
    paths = state_paths(project, {"AGENTOS_HOME": str(home)})
    prepare_state(paths, project)
    assert (real / "projects").is_dir()

    (real / "projects").rename(tmp_path / "elsewhere")
    (real / "projects").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError, match="projects is a symlink"):
        prepare_state(paths, project)


@pytest.mark.parametrize(
    "part",
    [
        ".agentos",
        ".agentos/checkpoints",
        ".agentos/logs",
        ".agentos/logs/parallel",
        ".agentos/lock",
        ".agentos/index.lock",
        ".agentos/numbering.lock",
        ".agentos/spending-lld.ndjson",
        ".agentos/spending-issue.ndjson",
        ".agentos/.gitignore",
        ".agentos/checkpoints/lld_workflow_42.db-wal",
    ],
)
@pytest.mark.parametrize("target", ["outside", "missing"])
def test_a_symlink_is_refused_and_nothing_is_written(
    tmp_path: Path, part: str, target: str
) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    link = project / part
    link.parent.mkdir(parents=True)
    outside.mkdir()
    link.symlink_to(tmp_path / target)
    before = everything(tmp_path)
    with pytest.raises(UnsafePathError, match="is a symlink"):
        prepare_state(StatePaths(project / ".agentos"), project)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("part", [".agentos", ".agentos/checkpoints", ".agentos/logs/parallel"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, part: str) -> None:
    (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / part).touch()
    before = everything(tmp_path)
    with pytest.raises(UsageError, match="is not a folder") as caught:
        prepare_state(StatePaths(tmp_path / ".agentos"), tmp_path)
    assert str(tmp_path / part) in str(caught.value)
    assert everything(tmp_path) == before


def test_a_missing_project_is_not_made(tmp_path: Path) -> None:
    project = tmp_path / "missing"
    with pytest.raises(UsageError, match="is not a folder"):
        prepare_state(StatePaths(project / ".agentos"), project)
    assert not project.exists()


def test_what_fails_while_writing_is_a_sentence(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    home = tmp_path / ("x" * 300)
    with pytest.raises(UsageError, match="File name too long"):
        prepare_state(state_paths(project, {"AGENTOS_HOME": str(home)}), project)
    home = tmp_path / "home"
    home.symlink_to(tmp_path / "missing")
    with pytest.raises(UsageError, match="cannot be written: File exists"):
        prepare_state(state_paths(project, {"AGENTOS_HOME": str(home)}), project)


def test_works_without_privileges(public_folder: Path, unprivileged: Unprivileged) -> None:
    with unprivileged():
        prepare_state(StatePaths(public_folder / ".agentos"), public_folder)
    assert mode(public_folder / ".agentos") == 0o700


@pytest.mark.parametrize("read_only", [".", ".agentos", ".agentos/checkpoints"])
def test_a_read_only_folder_is_a_sentence_and_nothing_is_written(
    public_folder: Path, unprivileged: Unprivileged, read_only: str
) -> None:
    folder = public_folder / read_only
    with unprivileged():
        folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    before = everything(public_folder)
    with unprivileged(), pytest.raises(UsageError) as caught:
        prepare_state(StatePaths(public_folder / ".agentos"), public_folder)
    assert str(caught.value) == f"{folder} cannot be written: it is read-only for you"
    assert "AGENTOS_HOME" in caught.value.hint
    assert everything(public_folder) == before


def test_a_closed_folder_is_a_sentence(public_folder: Path, unprivileged: Unprivileged) -> None:
    (public_folder / ".agentos").mkdir(0)
    with unprivileged(), pytest.raises(UsageError, match="Permission denied") as caught:
        prepare_state(StatePaths(public_folder / ".agentos"), public_folder)
    assert str(caught.value).startswith(str(public_folder / ".agentos"))


def test_a_folder_of_another_user_is_a_sentence(
    public_folder: Path, unprivileged: Unprivileged
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder of another user")
    state = public_folder / ".agentos"
    state.mkdir()
    state.chmod(0o777)
    with unprivileged(), pytest.raises(UsageError, match="cannot be written: Operation not"):
        prepare_state(StatePaths(state), public_folder)


def test_a_look_makes_nothing(tmp_path: Path) -> None:
    state = StatePaths(tmp_path / ".agentos")
    check_state(state, tmp_path)
    assert list(tmp_path.iterdir()) == []
    prepare_state(state, tmp_path)
    (state.checkpoints / "lld_workflow_1.db").symlink_to("/etc/passwd")
    with pytest.raises(UnsafePathError) as caught:
        check_state(state, tmp_path)
    assert caught.value.link == state.checkpoints / "lld_workflow_1.db"
