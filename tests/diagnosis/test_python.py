import pytest

from agentos.diagnosis.finding import Level
from agentos.diagnosis.python import check, judged
from agentos.diagnosis.surroundings import Surroundings


def test_the_one_that_runs(surroundings: Surroundings) -> None:
    [finding] = check(surroundings)
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("version", "bits", "system", "level", "says"),
    [
        ((3, 10, 4), 64, "Linux", "fault", "this is Python 3.10.4, and agentos needs 3.11"),
        ((3, 14, 0), 64, "Windows", "fault", "not on Windows"),
        ((3, 11, 0), 32, "Darwin", "warning", "32 bits"),
    ],
)
def test_others(version: tuple[int, ...], bits: int, system: str, level: str, says: str) -> None:
    [finding] = judged(version, bits, system)
    assert finding.level == level
    assert says in finding.sentence


def test_the_newest(surroundings: Surroundings) -> None:
    assert not list(judged((3, 15, 0), 64, "Darwin"))
