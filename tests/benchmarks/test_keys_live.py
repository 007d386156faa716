import json
from pathlib import Path

import psutil
import pytest

from benchmarks.keys.scenarios import Goal, Known
from benchmarks.keys_live import __main__ as command
from benchmarks.keys_live.scenarios import scenarios
from benchmarks.keys_live.trial import Result, _result

SECONDS = 3.0


def test_real_children_call_and_are_gone_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "build" / "figures.json"
    before = psutil.Process().children()
    words = ["--warm-up", "1", "--seconds", str(SECONDS), "--only", "advertised"]
    assert command.main([*words, "--json", str(file)]) == 0
    assert psutil.Process().children() == before
    shown = capsys.readouterr().out
    assert "advertised: 2 keys, requests" in shown
    (figures,) = json.loads(file.read_text())["scenarios"]
    (scenario,) = (one for one in scenarios() if one.known is Known.ADVERTISED)
    limits = [domain.limits for domain in scenario.domains]
    kept = sum((one.requests or 0) / 60 * one.burst for one in limits)
    assert figures["seconds"] >= SECONDS
    assert figures["allowed"] == pytest.approx(
        sum((one.requests or 0) / 60 for one in limits) * figures["seconds"]
    )
    assert 0 < figures["served"] <= figures["allowed"] + kept + scenario.children
    assert figures["served"] <= figures["ends"]["answered"]
    assert 0 <= figures["waste"] < 1
    assert figures["demand"] > 0
    assert set(figures["ends"]) <= {"answered", "refused"}  # every child let its last call end


def test_what_is_counted_is_what_came_between_two_looks_at_the_provider() -> None:
    scenario = next(iter(scenarios()))
    counted = _result(
        scenario,
        before={"at": 10.0, "served": [20, 30], "ends": {"answered": 50, "refused": 7}},
        after={"at": 70.0, "served": [260, 210], "ends": {"answered": 470, "refused": 27}},
        done=[{"answered": 300, "busy": 60.0}, {"answered": 100, "busy": 40.0}],
        ends={"answered": 480, "refused": 27},
    )
    assert (counted.served, counted.refused, counted.allowed) == (420, 20, 480.0)
    assert counted.utilisation == pytest.approx(420 / 480)
    assert counted.waste == pytest.approx(20 / 440)
    assert counted.demand == pytest.approx(10 / 0.25 / 8)


@pytest.mark.parametrize(
    ("utilisation", "waste", "demand", "code"),
    [(0.95, 0.02, 2.5, 0), (0.9, 0.02, 2.5, 1), (0.95, 0.05, 2.5, 1), (0.95, 0.02, 1.5, 1)],
)
def test_what_is_not_as_asked_is_told_by_the_exit_code(
    utilisation: float, waste: float, demand: float, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Result("one", Goal(0.92, 0.04), 60.0, 1, 1, 1.0, utilisation, waste, demand, {})
    monkeypatch.setattr(command, "play", lambda *_, **__: played)
    assert command.main(["--check"]) == code
    assert command.main([]) == 0


def test_a_scenario_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        command.main(["--only", "no such thing"])
    assert refused.value.code == 2
    assert "no scenario has" in capsys.readouterr().err
