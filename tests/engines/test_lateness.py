from agentos.engines.lateness import FIRST_TOLD, Lateness
from agentos.engines.running_time import RunningTime


class Rig:
    """A step under watch, on a clock of the test's own."""

    def __init__(self) -> None:
        self.now = 500.0
        self.running = RunningTime(lambda: self.now)
        self.lateness = Lateness(self.running)

    def after(self, seconds: float) -> float | None:
        self.now += seconds
        return self.lateness.due()


def test_a_step_is_told_of_after_a_while_and_then_ever_more_rarely() -> None:
    rig = Rig()
    rig.lateness.begin()
    told = [seconds for _ in range(200) if (seconds := rig.after(10.0)) is not None]
    assert told == [FIRST_TOLD * 2**n for n in range(5)]


def test_it_says_when_to_look_again() -> None:
    rig = Rig()
    assert rig.lateness.wait() is None
    rig.lateness.begin()
    assert rig.lateness.wait() == FIRST_TOLD
    assert rig.after(FIRST_TOLD) == FIRST_TOLD
    assert rig.lateness.wait() == FIRST_TOLD
    rig.running.pause("lease")
    assert rig.lateness.wait() is None


def test_a_new_step_begins_anew_and_between_steps_nobody_is_late() -> None:
    rig = Rig()
    rig.lateness.begin()
    assert rig.after(FIRST_TOLD - 1) is None
    rig.lateness.begin()
    assert rig.after(FIRST_TOLD - 1) is None
    rig.lateness.end()
    assert rig.after(1e6) is None
    assert rig.lateness.wait() is None


def test_waiting_for_a_lease_is_not_being_late() -> None:
    rig = Rig()
    rig.lateness.begin()
    rig.running.pause("lease")
    assert rig.after(1e6) is None
    rig.running.resume("lease")
    assert rig.after(FIRST_TOLD) == FIRST_TOLD
