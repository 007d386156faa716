from agentos.engines.memory_gate import FIRST_GUESS, RESERVE, MemoryGate

MIB = 1024 * 1024


class Rig:
    """A gate on a machine of the test's own; sizes in bytes."""

    def __init__(self, available: int, *running: int) -> None:
        self.available = available
        self.running = list(running)
        self.gate = MemoryGate(available=lambda: self.available, running=lambda: self.running)

    def has_room(self, beginning: int = 0) -> bool:
        return self.gate.has_room(len(self.running) + beginning)


def test_there_is_room_for_one_as_it_is_expected_and_for_everybody_else() -> None:
    assert Rig(FIRST_GUESS + RESERVE).has_room()
    assert not Rig(FIRST_GUESS + RESERVE - 1).has_room()


def test_what_the_largest_took_is_expected_of_all() -> None:
    rig = Rig(3 * FIRST_GUESS + RESERVE)
    rig.gate.note_peak(3 * FIRST_GUESS)
    rig.gate.note_peak(FIRST_GUESS)
    assert rig.has_room()
    rig.available -= 1
    assert not rig.has_room()


def test_those_that_run_may_grow_to_the_largest() -> None:
    large, small = 4 * FIRST_GUESS, FIRST_GUESS
    rig = Rig(large + (large - small) + RESERVE, large, small)
    assert rig.has_room()
    rig.available -= 1
    assert not rig.has_room()


def test_those_that_begin_to_run_are_expected_to_grow_as_well() -> None:
    rig = Rig(3 * FIRST_GUESS + RESERVE)
    assert rig.has_room(beginning=2)
    assert not rig.has_room(beginning=3)


def test_it_says_how_much_is_missing() -> None:
    rig = Rig(500 * MIB, 40 * MIB, 50 * MIB)
    rig.gate.note_peak(200 * MIB)
    assert not rig.has_room()
    assert rig.gate.why_not() == (
        "a process takes up to 200 MiB, those that run may grow by 310 MiB, "
        "128 MiB stay free for others, and 500 MiB of memory are left"
    )
