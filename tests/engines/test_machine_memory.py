from pathlib import Path

import psutil
import pytest

from agentos.engines.machine_memory import available_memory

MIB = 1024 * 1024


class Machine:
    """A tree of control groups as the kernel shows them."""

    def __init__(self, folder: Path, cgroup: str) -> None:
        self._folder = folder
        (folder / "proc" / "self").mkdir(parents=True)
        (folder / "proc" / "self" / "cgroup").write_text(cgroup)

    def group(self, path: str, **files: object) -> None:
        group = self._folder / "groups" / path
        group.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (group / name.replace("_", ".", 1)).write_text(f"{content}\n")

    def available(self) -> int:
        return available_memory(self._folder / "proc", self._folder / "groups")


@pytest.fixture(autouse=True)
def machine_with_a_gibibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available = 1024 * MIB

    monkeypatch.setattr(psutil, "virtual_memory", Memory)


def test_without_groups_it_is_the_machines(tmp_path: Path) -> None:
    assert Machine(tmp_path, "").available() == 1024 * MIB
    assert available_memory(tmp_path / "nothing", tmp_path / "nowhere") == 1024 * MIB


def test_the_tightest_group_counts_and_what_it_can_give_up_is_free(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/outer/inner\n")
    machine.group("outer", memory_max=500 * MIB, memory_current=450 * MIB)
    machine.group("outer/inner", memory_max=400 * MIB, memory_current=100 * MIB)
    assert machine.available() == 50 * MIB
    machine.group("outer", memory_stat=f"anon 1\ninactive_file {30 * MIB}")
    assert machine.available() == 80 * MIB


def test_no_limit_is_none(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/a\n")
    machine.group("a", memory_max="max", memory_current=5)
    assert machine.available() == 1024 * MIB


def test_more_than_allowed_leaves_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/a\n")
    machine.group("a", memory_max=5, memory_current=500 * MIB)
    assert machine.available() == 0


def test_groups_of_version_1_and_those_of_the_host_that_a_container_cannot_see(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, "4:cpu,memory:/docker/abc\n0::/\n1:name=systemd:/\n")
    folder = tmp_path / "groups" / "memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(str(300 * MIB))
    (folder / "memory.usage_in_bytes").write_text(str(100 * MIB))
    (folder / "memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {20 * MIB}\n")
    assert machine.available() == 220 * MIB
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712")
    assert machine.available() == 1024 * MIB


def test_a_path_does_not_lead_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/../../a\n")
    machine.group("a", memory_max=5, memory_current=0)
    assert machine.available() == 5
