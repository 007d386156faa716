from agentos.engines.descriptor_gate import (
    PER_CHILD,
    RESERVE,
    DescriptorGate,
    descriptor_limit,
    descriptors_in_use,
)


class Rig:
    """A gate with a limit and a number of open descriptors of the test's own."""

    def __init__(self, limit: float, in_use: int = 10) -> None:
        self.limit = limit
        self.in_use = in_use
        self.gate = DescriptorGate(limit=lambda: self.limit, in_use=lambda: self.in_use)


def test_there_is_room_for_as_many_as_can_open_their_files() -> None:
    rig = Rig(10 + RESERVE + 2 * PER_CHILD)
    assert rig.gate.has_room(0)
    assert rig.gate.has_room(1)
    assert not rig.gate.has_room(2)


def test_what_children_have_opened_is_not_counted_twice() -> None:
    rig = Rig(10 + RESERVE + 2 * PER_CHILD)
    assert rig.gate.has_room(0)
    rig.in_use += PER_CHILD
    assert rig.gate.has_room(1)


def test_what_else_is_open_is_counted_when_none_runs() -> None:
    rig = Rig(10 + RESERVE + 2 * PER_CHILD)
    assert rig.gate.has_room(0)
    rig.in_use += 1
    assert rig.gate.has_room(0)
    assert not rig.gate.has_room(1)


def test_without_a_limit_there_is_room_for_all() -> None:
    assert Rig(float("inf")).gate.has_room(10_000)


def test_it_says_what_to_change() -> None:
    assert Rig(64).gate.why_not() == (
        "each takes up to 10 open files, and 64 are allowed at once (ulimit -n)"
    )


def test_this_process_has_room() -> None:
    assert 3 <= descriptors_in_use() < descriptor_limit()
