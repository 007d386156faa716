from dataclasses import replace
from pathlib import Path

import pytest

from agentos.diagnosis.disk import Least, Room, check, judged
from agentos.diagnosis.finding import Level
from agentos.diagnosis.surroundings import Surroundings

GB, MB = 10**9, 10**6


@pytest.mark.parametrize(
    ("room", "level", "says"),
    [
        (Room(3 * GB, 10**6), "ok", "3.0 GB free for the project"),
        (Room(3 * GB, None), "ok", "3.0 GB free for the project"),
        (Room(1 * GB - 1, None), "warning", "only 1,000 MB left for the project"),
        (Room(50 * MB, None), "warning", "only 50 MB left"),
        (Room(50 * MB - 1, 0), "fault", "only 50 MB left"),
        (Room(3 * GB, 9_999), "warning", "only 9999 inodes left"),
        (Room(3 * GB, 0), "fault", "only 0 inodes left"),
    ],
)
def test_what_is_enough(room: Room, level: str, says: str) -> None:
    finding = judged("the project", room, Least(), command="df -h .")
    assert finding.level == level
    assert finding.sentence.startswith(says)
    assert finding.command == ("" if level == "ok" else "df -h .")


def test_a_line_for_each_file_system(surroundings: Surroundings) -> None:
    [finding] = check(surroundings)
    assert finding.sentence.endswith("for the project, the state and temporary files")
    other = replace(surroundings, environ={**surroundings.environ, "TMPDIR": "/proc/self"})
    names = [one.sentence.partition(" for ")[2] for one in check(other)]
    assert names == ["the project and the state", "temporary files"]


def test_more_than_any_disk_has(surroundings: Surroundings, tmp_path: Path) -> None:
    [finding] = check(surroundings, Least(bytes_for_a_fault=10**18, bytes_for_a_warning=10**18))
    assert finding.level is Level.FAULT
    assert finding.command == "df -h ."
