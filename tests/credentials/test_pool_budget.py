"""The pool with a budget: who waits for room in it, who is refused, and what a lost lease costs."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agentos.core.calls import Answer, Lease, LimitHint, Refusal, RefusalKind, Usage, Wish
from agentos.core.credentials import Credential
from agentos.core.prices import Cost
from agentos.credentials.answers import Refused, Waiting, Why
from agentos.credentials.budget import Budget
from agentos.credentials.patience import MOST_OVERTAKING
from agentos.credentials.pool import CredentialPool

MANY = Credential("a", None, max_concurrent=9)
FREE = Wish("p", "p/free", Usage())


def wish(tokens: int) -> Wish:
    return Wish("p", "p/m", Usage(tokens, 0))


def answer(tokens: int) -> Answer:
    return Answer("", "p/m", Usage(tokens, 0))


class Ledger:
    def __init__(self) -> None:
        self.is_full = False

    def reserve(self, call: str, model: str, most: Cost) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")

    def sync(self) -> None:
        """Nothing to wait for."""

    def settle(self, call: str, cost: Cost) -> None:
        pass


class Room:
    """A pool with a budget of a hundred tokens."""

    def __init__(self, *credentials: Credential) -> None:
        self.ledger = Ledger()
        self.budget = Budget(tokens=100, ledger=self.ledger)
        self.pool = CredentialPool(credentials or (MANY,), budget=self.budget)

    def ask(self, wanted: Wish | None, owner: str = "o") -> Lease | Waiting | Refused:
        return self.pool.poll(owner, self.pool.request(owner, wanted), 0.0)

    def lease(self, wanted: Wish, owner: str = "o") -> Lease:
        lease = self.ask(wanted, owner)
        assert isinstance(lease, Lease)
        return lease

    @property
    def spent(self) -> int:
        return self.budget.spent.tokens


@pytest.fixture
def room() -> Room:
    return Room()


class TestWaiting:
    def test_who_has_no_room_yet_waits_for_a_call_in_flight(self, room: Room) -> None:
        first = room.lease(wish(60))
        ticket = room.pool.request("late", wish(50))
        waiting = Waiting(Why.BUDGET)
        assert room.pool.poll("late", ticket, 0.0) == waiting
        assert room.pool.anyone_waiting
        room.pool.settle("o", first.id, answer(50), 0.0)
        assert isinstance(room.pool.poll("late", ticket, 0.0), Lease)

    def test_a_wait_for_a_slot_is_none_for_the_budget(self) -> None:
        room = Room(Credential("a", None))
        room.lease(wish(10))
        assert room.ask(wish(10)) == Waiting(Why.SLOT)

    def test_who_needs_less_is_not_held_up(self, room: Room) -> None:
        room.lease(wish(60))
        early = room.pool.request("early", wish(50))
        assert isinstance(room.pool.poll("early", early, 0.0), Waiting)
        assert isinstance(room.ask(wish(40)), Lease)
        assert isinstance(room.ask(FREE), Lease)
        assert isinstance(room.ask(None), Lease)

    def test_who_needs_more_is_overtaken_no_more_than_ten_times(self, room: Room) -> None:
        held = room.lease(wish(1), "held")
        large = room.pool.request("large", wish(100))
        for _ in range(MOST_OVERTAKING):
            assert isinstance(room.pool.poll("large", large, 0.0), Waiting)
            room.pool.settle("o", room.lease(wish(5)).id, answer(0), 0.0)
        late = room.pool.request("late", wish(5))
        assert room.pool.poll("late", late, 0.0) == Waiting(Why.BUDGET)
        assert isinstance(room.ask(FREE), Lease)
        room.pool.settle("held", held.id, answer(0), 0.0)
        assert isinstance(room.pool.poll("large", large, 0.0), Lease)
        assert room.pool.poll("late", late, 0.0) == Waiting(Why.BUDGET)

    def test_calls_that_cost_nothing_overtake_nobody(self, room: Room) -> None:
        room.lease(wish(1), "held")
        room.pool.request("large", wish(100))
        for _ in range(MOST_OVERTAKING):
            room.pool.settle("o", room.lease(FREE).id, answer(0), 0.0)
        assert isinstance(room.ask(wish(5)), Lease)

    def test_no_room_is_left_for_who_is_not_heard_of(self) -> None:
        pool = CredentialPool([MANY], budget=Budget(tokens=100), lease_term=60.0)
        pool.poll("held", pool.request("held", wish(1)), 0.0)
        pool.request("large", wish(100))
        for _ in range(MOST_OVERTAKING):
            lease_id = pool.request("o", wish(5))
            pool.poll("o", lease_id, 0.0)
            pool.settle("o", lease_id, answer(0), 0.0)
        assert isinstance(pool.poll("o", pool.request("o", wish(5)), 0.0), Waiting)
        for now in (0.0, 30.0, 60.0):
            pool.renew("o")
            pool.renew("held")
            pool.lapse(now)
        assert isinstance(pool.poll("o", pool.request("o", wish(5)), 60.0), Lease)

    def test_who_is_gone_leaves_the_room_to_the_next(self, room: Room) -> None:
        room.lease(wish(1), "held")
        room.pool.request("large", wish(100))
        for _ in range(MOST_OVERTAKING):
            room.pool.settle("o", room.lease(wish(5)).id, answer(0), 0.0)
        assert isinstance(room.ask(wish(5)), Waiting)
        room.pool.take_back("large", 0.0)
        assert isinstance(room.ask(wish(5)), Lease)

    def test_the_earlier_of_two_gets_the_room(self, room: Room) -> None:
        held = room.lease(wish(60))
        early = room.pool.request("early", wish(50))
        late = room.pool.request("late", wish(50))
        assert isinstance(room.pool.poll("late", late, 0.0), Waiting)
        room.pool.settle("o", held.id, answer(50), 0.0)
        assert isinstance(room.pool.poll("late", late, 0.0), Waiting)
        assert isinstance(room.pool.poll("early", early, 0.0), Lease)


class TestRefusal:
    def test_who_will_never_have_room_is_refused(self, room: Room) -> None:
        held = room.lease(wish(60))
        ticket = room.pool.request("late", wish(50))
        assert isinstance(room.pool.poll("late", ticket, 0.0), Waiting)
        room.pool.settle("o", held.id, answer(60), 0.0)
        refused = Refused("60 of 100 tokens are spent, and the next call may take 50", True)
        assert room.pool.poll("late", ticket, 0.0) == refused
        assert not room.pool.anyone_waiting

    @pytest.mark.parametrize("is_killed", [True, False])
    def test_who_asks_again_hears_the_same_until_it_gives_up_or_is_gone(
        self, room: Room, is_killed: bool
    ) -> None:
        ticket = room.pool.request("late", wish(101))
        refused = Refused("0 of 100 tokens are spent, and the next call may take 101", True)
        unknown = Refused("There is no such ticket")
        for _ in range(2):
            assert room.pool.poll("late", ticket, 0.0) == refused
            room.pool.settle("o", room.lease(wish(10)).id, answer(10), 0.0)  # what changes nothing
        assert room.pool.poll("stranger", ticket, 0.0) == unknown
        room.pool.cancel("stranger", ticket, 0.0)
        room.pool.take_back("stranger", 0.0)
        assert room.pool.poll("late", ticket, 0.0) == refused
        if is_killed:
            room.pool.take_back("late", 0.0)
        else:
            room.pool.cancel("late", ticket, 0.0)
        assert room.pool.poll("late", ticket, 0.0) == unknown

    def test_a_closed_credential_is_no_matter_of_the_budget(self, room: Room) -> None:
        held = room.lease(wish(60))
        room.pool.settle("o", held.id, Refusal(RefusalKind.CREDENTIAL, "no"), 0.0)
        refused = room.ask(wish(10))
        assert isinstance(refused, Refused)
        assert not refused.over_budget

    def test_what_cannot_be_recorded_is_not_lent(self, room: Room) -> None:
        room.ledger.is_full = True
        reason = "what calls cost cannot be recorded: No space left on device"
        for _ in range(2):  # when it is noticed, and from then on
            assert room.ask(wish(10)) == Refused(reason, unrecorded=True)
        assert isinstance(room.ask(FREE), Lease)
        assert room.spent == 0

    def test_a_lease_that_could_not_be_recorded_was_never_made(self, room: Room) -> None:
        ticket = room.pool.request("o", wish(60))
        assert isinstance(room.pool.look("o", ticket, 0.0), Lease)
        for owner in ("stranger", "o"):
            room.pool.cannot_be_recorded(owner, ticket, OSError(5, "Input/output error"), 0.0)
        reason = "what calls cost cannot be recorded: Input/output error"
        assert room.pool.poll("o", ticket, 0.0) == Refused(reason, unrecorded=True)
        assert not room.pool.give("o", ticket)
        assert room.spent == 0

    def test_one_that_was_given_before_may_have_been_made(self, room: Room) -> None:
        lease = room.lease(wish(60))
        assert room.pool.look("o", lease.id, 0.0) is lease
        room.pool.cannot_be_recorded("o", lease.id, OSError("gone"), 0.0)
        assert room.spent == 60

    def test_a_lease_is_given_to_its_owner_alone(self, room: Room) -> None:
        ticket = room.pool.request("o", wish(60))
        room.pool.look("o", ticket, 0.0)
        assert not room.pool.give("stranger", ticket)
        assert room.pool.give("o", ticket)
        room.pool.take_back("o", 0.0)
        assert room.spent == 60


class TestCost:
    def test_a_refused_call_costs_what_it_says(self, room: Room) -> None:
        for usage, spent in ((Usage(), 0), (Usage(3, 4), 7), (None, 17)):
            lease = room.lease(wish(10))
            refusal = Refusal(RefusalKind.TRANSIENT, "cut", usage=usage)
            room.pool.settle("o", lease.id, refusal, 0.0)
            assert room.spent == spent

    def test_an_answer_without_usage_costs_its_worst_case(self, room: Room) -> None:
        room.pool.settle("o", room.lease(wish(10)).id, Answer("", "p/m"), 0.0)
        assert room.spent == 10

    def test_a_lease_taken_back_costs_its_worst_case(self, room: Room) -> None:
        room.lease(wish(10), "killed")
        room.lease(wish(20), "lives")
        room.pool.take_back("killed", 0.0)
        assert room.spent == 10

    def test_a_lease_given_up_after_it_was_seen_costs_its_worst_case(self, room: Room) -> None:
        room.pool.cancel("o", room.lease(wish(10)).id, 0.0)
        assert room.spent == 10

    @pytest.mark.parametrize("is_killed", [True, False])
    def test_a_lease_that_nobody_picked_up_costs_nothing(self, room: Room, is_killed: bool) -> None:
        ticket = room.pool.request("early", wish(60))
        assert isinstance(room.ask(wish(50)), Waiting)  # for what was granted to the other
        room.pool.take_back("o", 0.0)
        if is_killed:
            room.pool.take_back("early", 0.0)
        else:
            room.pool.cancel("early", ticket, 0.0)
        assert room.spent == 0
        assert isinstance(room.ask(wish(100)), Lease)

    def test_a_lease_settled_twice_is_counted_once(self, room: Room) -> None:
        lease = room.lease(wish(10))
        for _ in range(2):
            room.pool.settle("o", lease.id, answer(5), 0.0)
        room.pool.take_back("o", 0.0)
        assert room.spent == 5

    def test_a_stranger_settles_nothing(self, room: Room) -> None:
        lease = room.lease(wish(60))
        room.pool.settle("thief", lease.id, answer(0), 0.0)
        assert isinstance(room.ask(wish(50)), Waiting)


OWNERS = st.sampled_from(["x", "y", "z"])


class Machine(RuleBasedStateMachine):
    """The provider's bill against the limit, whatever becomes of the processes that call it.

    Whoever has seen a lease may have made its call, so each of them is billed, at any instant
    from then on, up to its bound.
    """

    @initialize(limit=st.integers(0, 200), slots=st.integers(1, 4))
    def open(self, limit: int, slots: int) -> None:
        self.now = 0.0
        self.limit = limit
        self.budget = Budget(tokens=limit)
        self.pool = CredentialPool([Credential("a", None)], budget=self.budget, default_slots=slots)
        self.tickets: dict[str, tuple[str, int]] = {}
        self.seen: dict[str, tuple[str, int]] = {}
        self.billed = 0

    @rule(owner=OWNERS, most=st.integers(0, 80))
    def request(self, owner: str, most: int) -> None:
        self.tickets[self.pool.request(owner, wish(most))] = (owner, most)

    @precondition(lambda self: self.tickets)
    @rule(data=st.data())
    def poll(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.tickets)))
        owner, most = self.tickets[ticket]
        result = self.pool.poll(owner, ticket, self.now)
        if isinstance(result, Lease):
            self.seen[ticket] = self.tickets.pop(ticket)
        elif isinstance(result, Refused):
            assert result.over_budget
            assert most
            del self.tickets[ticket]

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), is_answered=st.booleans(), is_told=st.booleans())
    def settle(self, data: st.DataObject, is_answered: bool, is_told: bool) -> None:
        lease = data.draw(st.sampled_from(sorted(self.seen)))
        owner, most = self.seen.pop(lease)
        bill = data.draw(st.integers(0, most))
        self.billed += bill
        usage = Usage(0, bill) if is_told else None
        refusal = Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(1.0), usage=usage)
        result = Answer("", "", usage) if is_answered else refusal
        self.pool.settle(owner, lease, result, self.now)

    @precondition(lambda self: self.tickets or self.seen)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.tickets | self.seen)))
        owner = (self.tickets | self.seen)[ticket][0]
        self.pool.cancel(owner, ticket, 0.0)
        self.tickets.pop(ticket, None)
        self.billed += self.seen.pop(ticket, ("", 0))[1]

    @rule(owner=OWNERS)
    def kill(self, owner: str) -> None:
        """A process is gone; what it had sent is billed all the same."""
        self.pool.take_back(owner, 0.0)
        self.tickets = {t: held for t, held in self.tickets.items() if held[0] != owner}
        self.billed += sum(most for holder, most in self.seen.values() if holder == owner)
        self.seen = {t: held for t, held in self.seen.items() if held[0] != owner}

    @rule()
    def let_time_pass(self) -> None:
        self.now += 0.75

    @invariant()
    def the_bill_is_within_the_limit(self) -> None:
        in_flight = sum(most for _, most in self.seen.values())
        assert self.billed + in_flight <= self.limit
        assert self.billed <= self.budget.spent.tokens

    def teardown(self) -> None:
        """Nothing is set aside any more once everybody has gone: all that is left can be lent."""
        if not hasattr(self, "pool"):
            return
        for owner in ("x", "y", "z"):
            self.pool.take_back(owner, 0.0)
        left = self.limit - self.budget.spent.tokens
        self.now += 10
        lease = self.pool.poll("end", self.pool.request("end", wish(left)), self.now)
        assert isinstance(lease, Lease)


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestPoolWithBudget = Machine.TestCase
