import json
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from benchmarks.leases import __main__ as command
from benchmarks.leases.rhythm import INTERVAL, PAUSE, Rhythm, beats
from benchmarks.leases.situations import Goal, Situation
from benchmarks.leases.trial import Result


def result(median: float, p99: float) -> Result:
    asked = Situation(10, Rhythm.TOGETHER, goal=Goal(0.002, 0.025))
    return Result(asked, 100, 1.0, median, p99, p99, p99, 0.0)


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_real_children_lease_and_are_gone_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "build" / "figures.json"
    before = psutil.Process().children()
    only = "10 children, all in the same instant"
    assert command.main(["--seconds", "0.6", "--only", only, "--json", str(file)]) == 0
    assert psutil.Process().children() == before
    assert only in capsys.readouterr().out
    situations = json.loads(file.read_text())["situations"]
    assert len(situations) == 4
    for one in situations:
        assert 10 <= one["leases"] <= 10 * (0.6 / INTERVAL + 1)
        assert 0 < one["median"] <= one["p90"] <= one["p99"] <= one["longest"]
        assert (one["relayed"] > 0) is ("relay" in one["name"])


def test_children_that_ask_together_leave_out_the_instants_that_are_over() -> None:
    time = Time()
    asked = []
    for _ in beats(Rhythm.TOGETHER, 101.0, 5 * INTERVAL, clock=lambda: time.now, sleep=time.sleep):
        asked.append(round((time.now - 101.0) / INTERVAL, 6))
        time.now += INTERVAL * (1.5 if len(asked) == 2 else 0.5)
    assert asked == [0, 1, 3, 4]


def test_children_that_think_do_so_after_each_call() -> None:
    time = Time()
    thinking = beats(Rhythm.THINKING, 100.0, 1.0, clock=lambda: time.now, sleep=time.sleep)
    asked = [time.now for _ in thinking]
    pauses = [after - before for before, after in pairwise(asked)]
    assert pauses
    assert all(0.5 * PAUSE <= round(pause, 9) <= 1.5 * PAUSE for pause in pauses)


@pytest.mark.parametrize(
    ("median", "p99", "code"), [(0.001, 0.02, 0), (0.003, 0.02, 1), (0.001, 0.03, 1)]
)
def test_leases_that_take_too_long_are_told_by_the_exit_code(
    median: float, p99: float, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "play", lambda _situation, _seconds: result(median, p99))
    assert command.main(["--check"]) == code
    assert command.main([]) == 0


def test_a_situation_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        command.main(["--only", "no such thing"])
    assert refused.value.code == 2
    assert "no situation has" in capsys.readouterr().err
