from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agentos.core.calls import Usage, Wish
from agentos.core.prices import NANO, Cost, Price, PriceTable
from agentos.credentials.budget import Budget, Room

PRICES = PriceTable({"p/m": Price(Decimal(1), Decimal(10), cache_write=Decimal(2))})
FREE = Wish("embedded", "embedded", Usage())


def wish(read: int, written: int = 0, model: str = "p/m") -> Wish:
    return Wish("p", model, Usage(read, written))


class Ledger:
    """Keeps lines in memory, on a disk that may be full."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []
        self.error: OSError | None = None

    def reserve(self, call: str, model: str, most: Cost) -> None:
        self._write("reserved", call, model, most)

    def sync(self) -> None:
        """Nothing to wait for."""

    def settle(self, call: str, cost: Cost) -> None:
        self._write("settled", call, cost)

    def _write(self, *line: object) -> None:
        if self.error is not None:
            raise self.error
        self.lines.append(line)


class TestRoom:
    def test_without_limits_there_is_always_room(self) -> None:
        budget = Budget()
        assert budget.room_for(wish(10**15, 10**15)) is Room.NOW
        assert budget.reserve("1", wish(10**15, 10**15))
        assert budget.room_for(wish(10**15, 10**15)) is Room.NOW

    def test_the_worst_cases_of_all_in_flight_count(self) -> None:
        budget = Budget(tokens=100)
        assert budget.reserve("1", wish(40, 20))
        assert budget.room_for(wish(40)) is Room.NOW
        assert budget.room_for(wish(41)) is Room.LATER
        assert budget.room_for(wish(100)) is Room.LATER
        assert budget.room_for(wish(101)) is Room.NEVER
        assert budget.spent == Cost()

    def test_what_is_spent_never_comes_back(self) -> None:
        budget = Budget(tokens=100)
        budget.reserve("1", wish(40, 20))
        budget.settle("1", Usage(30, 1))
        assert budget.spent == Cost(31, 0)
        assert budget.room_for(wish(69)) is Room.NOW
        assert budget.room_for(wish(70)) is Room.NEVER

    def test_what_earlier_runs_spent_counts(self) -> None:
        budget = Budget(PRICES, tokens=100, nanodollars=NANO, spent=Cost(60, 0))
        assert budget.room_for(wish(40)) is Room.NOW
        assert budget.room_for(wish(41)) is Room.NEVER
        budget = Budget(PRICES, nanodollars=NANO, spent=Cost(1, NANO - 2000))
        assert budget.room_for(wish(1)) is Room.NOW
        assert budget.room_for(wish(2)) is Room.NEVER

    def test_money_is_reserved_as_if_all_input_were_what_costs_most(self) -> None:
        budget = Budget(PRICES, nanodollars=20_000)
        assert budget.room_for(wish(10)) is Room.NOW
        assert budget.room_for(wish(11)) is Room.NEVER
        assert budget.room_for(wish(5, 1)) is Room.NOW
        assert budget.room_for(wish(5, 2)) is Room.NEVER

    def test_both_limits_hold(self) -> None:
        budget = Budget(PRICES, nanodollars=20_000, tokens=5)
        assert budget.room_for(wish(5)) is Room.NOW
        assert budget.room_for(wish(6)) is Room.NEVER
        assert budget.room_for(wish(0, 3)) is Room.NEVER

    def test_a_call_that_costs_nothing_has_room_when_nothing_is_left(self) -> None:
        ledger = Ledger()
        budget = Budget(tokens=0, nanodollars=0, spent=Cost(7, 7), ledger=ledger)
        assert budget.room_for(FREE) is Room.NOW
        assert budget.reserve("1", FREE)
        budget.settle("1", Usage())
        assert ledger.lines == []
        assert budget.spent == Cost(7, 7)


class TestSettling:
    def test_a_call_that_was_to_cost_nothing_and_did_is_counted(self) -> None:
        ledger = Ledger()
        budget = Budget(PRICES, tokens=100, ledger=ledger)
        assert budget.reserve("1", wish(0))
        assert ledger.lines == []
        budget.settle("1", Usage(40, 2))
        assert budget.spent == Cost(42, 60_000)
        assert ledger.lines == [("settled", "1", Cost(42, 60_000))]
        assert budget.room_for(wish(58)) is Room.NOW
        assert budget.room_for(wish(59)) is Room.NEVER

    def test_a_call_that_was_to_cost_something_and_did_not_is_settled_on_disk(self) -> None:
        ledger = Ledger()
        budget = Budget(PRICES, ledger=ledger)
        budget.reserve("1", wish(10))
        budget.settle("1", Usage())
        assert ledger.lines[1:] == [("settled", "1", Cost(0, 0))]

    def test_the_real_cost_takes_the_place_of_the_worst_case(self) -> None:
        ledger = Ledger()
        budget = Budget(PRICES, ledger=ledger)
        budget.reserve("1", wish(100, 10))
        budget.settle("1", Usage(50, 2, cached_tokens=10))
        assert budget.spent == Cost(52, 50 * 1000 + 2 * 10_000)
        assert ledger.lines == [
            ("reserved", "1", "p/m", Cost(110, 100 * 2000 + 10 * 10_000)),
            ("settled", "1", Cost(52, 70_000)),
        ]

    def test_a_call_of_which_nobody_tells_has_cost_its_worst_case(self) -> None:
        ledger = Ledger()
        budget = Budget(PRICES, ledger=ledger)
        budget.reserve("1", wish(100, 10))
        budget.settle("1", None)
        assert budget.spent == Cost(110, 300_000)
        assert ledger.lines[1] == ("settled", "1", Cost(110, 300_000))

    def test_what_is_told_is_believed_even_beyond_the_worst_case(self) -> None:
        budget = Budget(PRICES, tokens=100)
        budget.reserve("1", wish(100))
        budget.settle("1", Usage(150, 0))
        assert budget.spent == Cost(150, 150_000)
        assert budget.room_for(wish(1)) is Room.NEVER

    def test_only_what_was_reserved_is_settled_and_only_once(self) -> None:
        ledger = Ledger()
        budget = Budget(ledger=ledger)
        budget.settle("stranger", Usage(5, 5))
        budget.reserve("1", wish(10))
        budget.settle("1", Usage(1, 1))
        budget.settle("1", Usage(5, 5))
        budget.settle("1", None)
        assert budget.spent.tokens == 2
        assert len(ledger.lines) == 2

    def test_a_model_without_a_price_counts_in_tokens_alone(self) -> None:
        budget = Budget(PRICES, tokens=100, nanodollars=NANO)
        budget.reserve("1", wish(40, model="q/other"))
        budget.settle("1", Usage(40, 0))
        assert budget.spent == Cost(40, 0)
        assert budget.room_for(wish(61, model="q/other")) is Room.NEVER


class TestLedgerThatCannotBeWritten:
    def test_no_call_is_made_that_is_not_on_disk(self) -> None:
        ledger = Ledger()
        budget = Budget(ledger=ledger)
        ledger.error = OSError(28, "No space left on device")
        assert not budget.reserve("1", wish(10))
        assert budget.room_for(wish(1)) is Room.NEVER
        assert budget.refusal(wish(1)).reason == (
            "what calls cost cannot be recorded: No space left on device"
        )
        ledger.error = None
        assert budget.room_for(wish(1)) is Room.NEVER
        assert budget.room_for(FREE) is Room.NOW
        budget.settle("1", None)
        assert budget.spent == Cost()

    def test_an_error_without_a_number_is_told_as_it_is(self) -> None:
        ledger = Ledger()
        ledger.error = OSError("gone")
        budget = Budget(ledger=ledger)
        budget.reserve("1", wish(10))
        assert budget.refusal(wish(1)).reason == "what calls cost cannot be recorded: gone"

    def test_a_settlement_that_is_lost_leaves_the_worst_case_on_disk(self) -> None:
        ledger = Ledger()
        budget = Budget(ledger=ledger)
        budget.reserve("1", wish(10))
        ledger.error = OSError(28, "No space left on device")
        budget.settle("1", Usage(1, 0))
        assert ledger.lines == [("reserved", "1", "p/m", Cost(10, None))]
        assert budget.spent.tokens == 1
        assert budget.room_for(wish(1)) is Room.NOW


class TestSentences:
    def test_of_tokens(self) -> None:
        budget = Budget(PRICES, tokens=20_000, nanodollars=10 * NANO, spent=Cost(12_345, NANO))
        assert budget.refusal(wish(7_000, 1_000)).reason == (
            "12,345 of 20,000 tokens are spent, and the next call may take 8,000"
        )

    @pytest.mark.parametrize("tokens", [None, 10**9])
    def test_of_money(self, tokens: int | None) -> None:
        spent = Cost(5, 1_990_000_000)
        budget = Budget(PRICES, tokens=tokens, nanodollars=2 * NANO, spent=spent)
        assert budget.refusal(wish(0, 4_210)).reason == (
            "$1.99 of $2.00 are spent, and the next call may cost $0.0421"
        )

    @pytest.mark.parametrize(
        ("nanodollars", "tokens", "told"),
        [
            (None, None, ""),
            (2 * NANO, None, "this batch has spent $0.4210 of $2.00"),
            (None, 20_000, "this batch has spent 12,345 of 20,000 tokens"),
            (0, 0, "this batch has spent $0.4210 of $0.00 and 12,345 of 0 tokens"),
        ],
    )
    def test_of_what_is_spent(self, nanodollars: int | None, tokens: int | None, told: str) -> None:
        spent = Cost(12_345, 421_000_000)
        budget = Budget(PRICES, nanodollars=nanodollars, tokens=tokens, spent=spent)
        assert budget.describe() == told

    def test_of_what_is_spent_without_a_price(self) -> None:
        budget = Budget(nanodollars=NANO, spent=Cost(5, None))
        assert budget.describe() == "this batch has spent $0.00 of $1.00"


BOUNDS = st.builds(Usage, st.integers(0, 60), st.integers(0, 60))


class Machine(RuleBasedStateMachine):
    """Whatever providers bill, within what each call was bounded by, the limits hold."""

    @initialize(
        tokens=st.none() | st.integers(0, 300),
        nanodollars=st.none() | st.integers(0, 900_000),
        spent=st.integers(0, 100),
    )
    def open(self, tokens: int | None, nanodollars: int | None, spent: int) -> None:
        self.limits = (tokens, nanodollars)
        self.ledger = Ledger()
        self.start = Cost(spent, spent * 1000)
        self.budget = Budget(
            PRICES, tokens=tokens, nanodollars=nanodollars, spent=self.start, ledger=self.ledger
        )
        self.calls = 0
        self.flying: dict[str, Usage] = {}
        self.billed = Usage()

    @rule(bound=BOUNDS)
    def request(self, bound: Usage) -> None:
        wanted = Wish("p", "p/m", bound)
        room = self.budget.room_for(wanted)
        if room is not Room.NOW:
            assert bound.total_tokens
            assert room is Room.NEVER or self.flying
            return
        self.calls += 1
        if self.budget.reserve(str(self.calls), wanted):
            self.flying[str(self.calls)] = bound
        else:
            assert self.ledger.error is not None

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), is_told=st.booleans())
    def end(self, data: st.DataObject, is_told: bool) -> None:
        """The provider bills at most the bound; whether anybody hears of it is another matter."""
        call = data.draw(st.sampled_from(sorted(self.flying)))
        bound = self.flying.pop(call)
        sent = data.draw(st.integers(0, bound.input_tokens))
        written = data.draw(st.integers(0, bound.output_tokens))
        bill = Usage(sent, written, cache_write_tokens=data.draw(st.integers(0, sent)))
        self.billed += bill
        self.budget.settle(call, bill if is_told else None)

    @precondition(lambda self: self.ledger.error is None)
    @rule()
    def fill_the_disk(self) -> None:
        self.ledger.error = OSError(28, "No space left on device")

    @invariant()
    def what_was_billed_is_within_the_limits(self) -> None:
        tokens, nanodollars = self.limits
        cost = PRICES.cost("p/m", self.billed)
        assert cost is not None
        if tokens is not None and self.billed.total_tokens:
            assert self.start.tokens + self.billed.total_tokens <= tokens
        if nanodollars is not None and cost:
            assert (self.start.nanodollars or 0) + cost <= nanodollars

    @invariant()
    def no_more_was_billed_than_is_counted(self) -> None:
        cost = PRICES.cost("p/m", self.billed)
        spent = self.budget.spent
        assert cost is not None
        assert self.start.tokens + self.billed.total_tokens <= spent.tokens
        assert (self.start.nanodollars or 0) + cost <= (spent.nanodollars or 0)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBudget = Machine.TestCase


@given(BOUNDS, st.integers(0, 200), st.integers(0, 200))
def test_later_becomes_now_when_nothing_is_in_flight_any_more(
    bound: Usage, limit: int, flying: int
) -> None:
    budget = Budget(tokens=limit)
    if budget.room_for(wish(flying)) is Room.NOW:
        budget.reserve("1", wish(flying))
    room = budget.room_for(Wish("p", "p/m", bound))
    budget.settle("1", Usage())
    after = budget.room_for(Wish("p", "p/m", bound))
    assert after is (Room.NEVER if room is Room.NEVER else Room.NOW)
