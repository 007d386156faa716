import json
import shutil
from pathlib import Path

import pytest

from agentos.core.paths import StatePaths
from agentos.records import history, pruning
from agentos.records.history import last_outcomes, unclosed_runs
from agentos.records.pruning import Pruned, prune_runs


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    return StatePaths(tmp_path / ".agentos")


def make(paths: StatePaths, *numbers: int, closed: bool = True) -> None:
    for number in numbers:
        run = paths.runs / f"20261129T1200{number:02}Z-00af"
        run.mkdir(parents=True)
        (run / "run.json").write_text("{}")
        if closed:
            (run / "summary.json").write_text("{}")


def left(paths: StatePaths) -> list[int]:
    return sorted(int(run.name[13:15]) for run in paths.runs.iterdir())


@pytest.mark.parametrize(
    ("keep", "kept"), [(9, [1, 2, 3, 4]), (4, [1, 2, 3, 4]), (2, [3, 4]), (0, [])]
)
def test_the_last_ones_are_kept(paths: StatePaths, keep: int, kept: list[int]) -> None:
    make(paths, 1, 2, 3, 4)
    assert len(prune_runs(paths, keep).ids) == 4 - len(kept)
    assert left(paths) == kept


def test_an_unfinished_one_always_is(paths: StatePaths) -> None:
    make(paths, 1, 3)
    make(paths, 2, closed=False)
    assert prune_runs(paths, 0).ids == ("20261129T120001Z-00af", "20261129T120003Z-00af")
    assert left(paths) == [2]


def tell(paths: StatePaths, number: int, **outcomes: str) -> None:
    make(paths, number)
    items = {label: {"outcome": outcome} for label, outcome in outcomes.items()}
    [run] = paths.runs.glob(f"*T1200{number:02}Z-*")
    (run / "summary.json").write_text(json.dumps({"items": items}))


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        ({}, [1]),
        ({"a": "failed"}, [2]),
        ({"a": "approved"}, []),
        ({"a": "interrupted"}, [1, 2]),
        ({"a": "skipped"}, [1]),
        ({"b": "approved"}, [1]),
    ],
)
def test_one_of_what_failed_is_kept_until_that_is_finished(
    paths: StatePaths, later: dict[str, str], kept: list[int]
) -> None:
    tell(paths, 1, a="failed", other="approved")
    tell(paths, 2, **later)
    prune_runs(paths, 0)
    assert left(paths) == kept


def test_what_has_finished_does_not_fail_again_when_the_run_of_another_stays(
    paths: StatePaths,
) -> None:
    tell(paths, 1, a="failed", b="failed")
    tell(paths, 2, b="approved", c="failed")
    tell(paths, 3, c="approved")
    tell(paths, 4, d="approved")
    before = last_outcomes(paths)
    prune_runs(paths, 0)
    assert left(paths) == [1, 2, 3]
    assert last_outcomes(paths) == {label: before[label] for label in "abc"}


def test_what_is_no_run_is_left_alone(paths: StatePaths, tmp_path: Path) -> None:
    make(paths, 1)
    (paths.runs / "notes").mkdir()
    (paths.runs / "notes" / "summary.json").write_text("{}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "summary.json").write_text("{}")
    (paths.runs / "20261129T120000Z-00af").symlink_to(elsewhere)
    assert prune_runs(paths, 0).ids == ("20261129T120001Z-00af",)
    assert (elsewhere / "summary.json").exists()
    assert (paths.runs / "notes").is_dir()


def test_without_a_run_there_is_nothing_to_do(paths: StatePaths) -> None:
    assert prune_runs(paths, 0) == Pruned((), ())


def test_one_that_cannot_be_deleted_does_not_keep_the_others(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        if "120001" in path.name or "120003" in path.name:
            raise PermissionError(13, "Permission denied")
        rmtree(path)

    rmtree = shutil.rmtree
    make(paths, 1, 2, 3, 4)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refuse)
        pruned = prune_runs(paths, 0)
    assert pruned.ids == ("20261129T120002Z-00af", "20261129T120004Z-00af")
    assert [failure.partition(" cannot be deleted: ")[2] for failure in pruned.failures] == [
        "Permission denied"
    ] * 2
    assert unclosed_runs(paths) == ()
    assert prune_runs(paths, 0) == Pruned((), ())
    assert list(paths.runs.iterdir()) == []


def test_nor_does_one_that_cannot_be_set_aside(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> Path:
        if "120001" in path.name:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    rename = Path.rename
    make(paths, 1, 2)
    monkeypatch.setattr(Path, "rename", refuse)
    pruned = prune_runs(paths, 0)
    assert pruned.ids == ("20261129T120002Z-00af",)
    assert len(pruned.failures) == 1
    assert left(paths) == [1]


def test_a_kill_in_the_middle_leaves_no_run_that_was_cut_off(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path) -> None:
        (path / "summary.json").unlink()
        raise KeyboardInterrupt

    make(paths, 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prune_runs(paths, 1)
    assert unclosed_runs(paths) == ()
    assert prune_runs(paths, 1) == Pruned((), ())
    assert left(paths) == [2]


def test_one_that_begins_meanwhile_is_not_among_them(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(run: Path) -> bool:
        make(paths, 2, closed=False)
        return history.is_closed(run)

    make(paths, 1)
    monkeypatch.setattr(pruning, "is_closed", look)
    prune_runs(paths, 0)
    assert left(paths) == [2]


def test_what_another_command_deletes_meanwhile_is_no_failure(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_path: Path, *_target: Path) -> None:
        raise FileNotFoundError

    make(paths, 1, 2)
    monkeypatch.setattr(shutil, "rmtree", gone)
    assert prune_runs(paths, 1).failures == ()
    monkeypatch.setattr(Path, "rename", gone)
    assert prune_runs(paths, 0).failures == ()
