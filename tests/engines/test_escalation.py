import math

from hypothesis import given
from hypothesis import strategies as st

from agentos.engines.escalation import Action, Escalation, Limits
from agentos.engines.running_time import RunningTime

INTERRUPT, TERMINATE, KILL = Action.INTERRUPT, Action.TERMINATE, Action.KILL


class Time:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """An escalation and its clock."""

    def __init__(
        self,
        *,
        grace: float = 3.0,
        timeout: float = math.inf,
        idle_timeout: float = math.inf,
    ) -> None:
        self.time = Time()
        self.running = RunningTime(self.time)
        self.escalation = Escalation(
            Limits(grace, timeout, idle_timeout),
            running=self.running,
            clock=self.time,
        )

    def after(self, seconds: float) -> Action | None:
        self.time.now += seconds
        return self.escalation.due()

    def wait(self) -> float | None:
        return self.escalation.wait()


def test_nothing_comes_by_itself_without_a_time_limit() -> None:
    rig = Rig()
    assert rig.wait() is None
    assert rig.after(1e9) is None
    assert not rig.escalation.has_begun


class TestStages:
    def test_a_wish_is_due_at_once_and_only_once(self) -> None:
        rig = Rig()
        rig.escalation.wish()
        assert rig.escalation.has_begun
        assert rig.wait() == 0.0
        assert rig.after(0.0) is INTERRUPT
        assert rig.after(0.0) is None
        assert not rig.escalation.timed_out

    def test_each_stage_follows_by_itself_and_the_last_is_repeated(self) -> None:
        rig = Rig(grace=3.0)
        rig.escalation.wish()
        assert rig.escalation.due() is INTERRUPT
        assert rig.wait() == 3.5
        assert rig.after(3.25) is None
        assert rig.wait() == 0.25
        assert rig.after(0.25) is TERMINATE
        assert rig.wait() == 1.0
        assert rig.after(1.0) is KILL
        assert rig.after(0.5) is None
        assert rig.after(0.5) is KILL
        assert rig.after(1.0) is KILL

    def test_all_is_over_within_five_seconds_of_the_first_wish(self) -> None:
        rig = Rig(grace=3.0)
        rig.escalation.wish()
        began = rig.time.now
        while rig.escalation.due() is not KILL:
            wait = rig.wait()
            assert wait is not None
            rig.time.now += wait
        assert rig.time.now - began == 4.5

    def test_without_grace_half_a_second_is_left(self) -> None:
        rig = Rig(grace=0.0)
        rig.escalation.wish()
        assert rig.escalation.due() is INTERRUPT
        assert rig.wait() == 0.5

    def test_each_further_wish_brings_the_next_stage_forward(self) -> None:
        rig = Rig()
        for action in (INTERRUPT, TERMINATE, KILL, KILL):
            rig.escalation.wish()
            assert rig.escalation.due() is action
            assert rig.escalation.due() is None
        assert rig.wait() == 1.0

    def test_a_wish_that_nobody_has_acted_on_is_one_with_the_next(self) -> None:
        rig = Rig()
        rig.escalation.wish()
        rig.escalation.wish()
        assert rig.escalation.due() is INTERRUPT
        assert rig.escalation.due() is None

    def test_who_comes_late_skips_no_stage(self) -> None:
        rig = Rig()
        rig.escalation.wish()
        assert rig.after(60.0) is INTERRUPT
        assert rig.escalation.due() is None
        assert rig.wait() == 3.5

    def test_a_pause_does_not_hold_the_stages(self) -> None:
        rig = Rig(timeout=10.0)
        rig.running.pause("lease")
        rig.escalation.wish()
        assert rig.escalation.due() is INTERRUPT
        assert rig.wait() == 3.5
        assert rig.after(3.5) is TERMINATE
        assert not rig.escalation.timed_out


class TestTimeLimit:
    def test_it_begins_the_same_stages(self) -> None:
        rig = Rig(timeout=10.0)
        assert rig.wait() == 10.0
        assert rig.after(9.75) is None
        assert rig.wait() == 0.25
        assert rig.after(0.25) is INTERRUPT
        assert rig.escalation.timed_out
        assert rig.after(3.5) is TERMINATE
        assert rig.after(1.0) is KILL

    def test_it_is_nothing_any_more_once_an_end_was_wished_for(self) -> None:
        rig = Rig(timeout=10.0)
        rig.escalation.wish()
        assert rig.escalation.due() is INTERRUPT
        assert rig.wait() == 3.5
        assert rig.after(11.0) is TERMINATE
        assert not rig.escalation.timed_out

    def test_a_wish_after_it_brings_the_next_stage_forward(self) -> None:
        rig = Rig(timeout=10.0)
        assert rig.after(10.0) is INTERRUPT
        rig.escalation.wish()
        assert rig.escalation.due() is TERMINATE
        assert rig.escalation.timed_out

    def test_it_does_not_run_during_a_pause(self) -> None:
        rig = Rig(timeout=10.0)
        assert rig.after(6.0) is None
        rig.running.pause("lease")
        assert rig.wait() is None
        assert rig.after(1e6) is None
        rig.running.resume("lease")
        assert rig.wait() == 4.0
        assert rig.after(4.0) is INTERRUPT

    def test_two_reasons_are_resumed_one_by_one(self) -> None:
        rig = Rig(timeout=10.0)
        rig.running.pause("lease")
        rig.time.now += 5.0
        rig.running.pause("stopped")
        rig.time.now += 5.0
        rig.running.resume("lease")
        assert rig.wait() is None
        rig.time.now += 5.0
        rig.running.resume("stopped")
        assert rig.wait() == 10.0

    def test_the_same_reason_twice_is_one(self) -> None:
        rig = Rig(timeout=10.0)
        rig.running.pause("lease")
        rig.running.pause("lease")
        rig.running.resume("lease")
        assert rig.wait() == 10.0

    def test_to_resume_what_was_not_paused_changes_nothing(self) -> None:
        rig = Rig(timeout=10.0)
        rig.time.now += 4.0
        rig.running.resume("lease")
        assert rig.wait() == 6.0

    def test_a_pause_without_a_limit_is_fine(self) -> None:
        rig = Rig()
        rig.running.pause("lease")
        rig.running.resume("lease")
        assert rig.wait() is None

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["pause", "resume"]),
                st.sampled_from(["lease", "stopped"]),
                st.integers(0, 5),
            )
        )
    )
    def test_it_counts_exactly_the_time_in_which_nothing_pauses(
        self, changes: list[tuple[str, str, int]]
    ) -> None:
        rig = Rig(timeout=1000.0)
        reasons: set[str] = set()
        used = 0
        for what, reason, seconds in changes:
            getattr(rig.running, what)(reason)
            (reasons.add if what == "pause" else reasons.discard)(reason)
            rig.time.now += seconds
            used += 0 if reasons else seconds
        for reason in ("lease", "stopped"):
            rig.running.resume(reason)
        assert rig.wait() == 1000.0 - used


class TestSilence:
    def test_it_begins_the_same_stages(self) -> None:
        rig = Rig(timeout=100.0, idle_timeout=10.0)
        assert rig.wait() == 10.0
        assert rig.after(9.75) is None
        assert rig.after(0.25) is INTERRUPT
        assert rig.escalation.fell_silent
        assert not rig.escalation.timed_out
        assert rig.after(3.5) is TERMINATE

    def test_each_sign_of_life_ends_it(self) -> None:
        rig = Rig(idle_timeout=10.0)
        for _ in range(5):
            assert rig.after(9.0) is None
            rig.escalation.heard()
            assert rig.wait() == 10.0
        assert rig.after(10.0) is INTERRUPT

    def test_a_pause_is_no_silence(self) -> None:
        rig = Rig(idle_timeout=10.0)
        rig.time.now += 4.0
        rig.running.pause("stopped")
        assert rig.wait() is None
        assert rig.after(1e6) is None
        rig.running.resume("stopped")
        assert rig.wait() == 6.0
        assert rig.after(6.0) is INTERRUPT

    def test_where_both_limits_are_met_it_is_the_whole_time(self) -> None:
        rig = Rig(timeout=10.0, idle_timeout=10.0)
        assert rig.after(10.0) is INTERRUPT
        assert rig.escalation.timed_out
        assert not rig.escalation.fell_silent
