from pathlib import Path

import pytest

from agentos.core.paths import StatePaths
from agentos.records.pruning import prune_runs


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
    assert len(prune_runs(paths, keep)) == 4 - len(kept)
    assert left(paths) == kept


def test_an_unfinished_one_always_is(paths: StatePaths) -> None:
    make(paths, 1, 3)
    make(paths, 2, closed=False)
    assert prune_runs(paths, 0) == ["20261129T120001Z-00af", "20261129T120003Z-00af"]
    assert left(paths) == [2]


def test_what_is_no_run_is_left_alone(paths: StatePaths, tmp_path: Path) -> None:
    make(paths, 1)
    (paths.runs / "notes").mkdir()
    (paths.runs / "notes" / "summary.json").write_text("{}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "summary.json").write_text("{}")
    (paths.runs / "20261129T120000Z-00af").symlink_to(elsewhere)
    assert prune_runs(paths, 0) == ["20261129T120001Z-00af"]
    assert (elsewhere / "summary.json").exists()
    assert (paths.runs / "notes").is_dir()


def test_without_a_run_there_is_nothing_to_do(paths: StatePaths) -> None:
    assert prune_runs(paths, 0) == []
