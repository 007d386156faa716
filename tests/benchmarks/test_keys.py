import json
from pathlib import Path

import pytest

from benchmarks.keys.__main__ import main


def test_it_prints_a_table_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "build" / "figures.json"
    only = "declared: 1 key, requests"
    assert main(["--minutes", "5", "--only", only, "--json", str(file), "--check"]) == 0
    shown = capsys.readouterr().out
    assert only in shown
    assert "round robin" in shown
    figures = json.dumps(json.loads(file.read_text()))
    assert only in figures


@pytest.mark.parametrize(
    "only",
    [
        "advertised: 1 key, requests",
        "advertised: 1 key, no burst",
        "advertised: 1 key, output tokens",
        "declared: 1 key, no burst",
        "declared: 1 key, output tokens",
        "hidden, hints: 1 key, requests",
        "hidden, hints: 1 key, no burst",
        "hidden, hints: 1 key, output tokens",
        "hidden, hints: 1 key, 4 at once",
        "hidden, no hints: 3 keys, mixed",
        "hidden, no hints: 1 key, no burst",
        "hidden, no hints: 1 key, output tokens",
        "hidden, no hints: 3 keys, 1 and 2 at once",
    ],
)
def test_the_pool_is_as_good_as_is_asked(only: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "40", "--only", only, "--check"]) == 0, capsys.readouterr().out
    assert only in capsys.readouterr().out


def test_a_scenario_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--only", "no such thing"])
    assert refused.value.code == 2
    assert "no scenario has" in capsys.readouterr().err
