import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from agentos.core.calls import Usage
from agentos.core.events import (
    CallAbandoned,
    CallFinished,
    CallRefused,
    CallStarted,
    Event,
    Notice,
    StepFinished,
)
from agentos.core.prices import Price, PriceTable
from agentos.reporting.costs import Costs, Spending

PRICES = PriceTable(
    {"m": Price(Decimal(1), Decimal(10), cached=Decimal("0.1"), cache_write=Decimal(2))}
)
STARTED = CallStarted(item="LLD-1", call="1", credential="main", model="m")
FINISHED = CallFinished(
    item="LLD-1",
    call="1",
    credential="main",
    model="m",
    seconds=1.0,
    input_tokens=100,
    output_tokens=10,
    cached_tokens=40,
    cache_write_tokens=20,
)
REFUSED = CallRefused(
    item="LLD-1",
    call="2",
    credential="main",
    model="m",
    seconds=1.0,
    refusal="empty",
    message="the answer is empty",
    input_tokens=7,
)
ABANDONED = CallAbandoned(
    item="LLD-1", call="3", credential="main", model="m", reason="the run was stopped"
)
COST = 40 * 1000 + 40 * 100 + 20 * 2000 + 10 * 10_000


def costs_of(*events: Event) -> Costs:
    costs = Costs(PRICES)
    for event in events:
        costs(event)
    return costs


class TestCosts:
    def test_nothing_is_counted_where_nothing_was_called(self) -> None:
        costs = costs_of(Notice(text="hello"), StepFinished(item="LLD-1", step="draft", seconds=1))
        assert costs.item("LLD-1") == costs.total == Spending()

    def test_what_an_answer_and_a_refusal_took_adds_up(self) -> None:
        costs = costs_of(STARTED, FINISHED, replace(STARTED, call="2"), REFUSED)
        assert costs.item("LLD-1") == Spending(
            calls=2, usage=Usage(107, 10, 40, 20), nanodollars=COST + 7000
        )

    def test_each_item_has_its_own_and_the_total_is_all_of_them(self) -> None:
        costs = costs_of(FINISHED, replace(FINISHED, item="LLD-2"), replace(REFUSED, item="LLD-2"))
        assert costs.item("LLD-1").nanodollars == COST
        assert costs.item("LLD-2").calls == 2
        assert costs.item("LLD-3") == Spending()
        assert costs.total == Spending(3, Usage(207, 20, 80, 40), 2 * COST + 7000)
        assert costs.total == costs.total

    def test_what_nobody_tells_is_in_no_sum(self) -> None:
        costs = costs_of(
            FINISHED, replace(FINISHED, usage_known=False), replace(REFUSED, usage_known=False)
        )
        assert costs.item("LLD-1") == Spending(3, Usage(100, 10, 40, 20), COST, unknown=2)

    def test_an_abandoned_call_is_of_unknown_cost(self) -> None:
        assert costs_of(STARTED, ABANDONED).total == Spending(calls=1, unknown=1)

    def test_a_model_without_a_price_counts_in_tokens_alone(self) -> None:
        costs = costs_of(FINISHED, replace(FINISHED, model="other"))
        assert costs.total == Spending(2, Usage(200, 20, 80, 40), COST, unpriced=1)

    def test_a_call_that_took_nothing_needs_no_price(self) -> None:
        free = CallFinished(item="LLD-1", call="1", credential="e", model="embedded", seconds=0)
        assert costs_of(free).total == Spending(calls=1)


class TestCutOff:
    def test_a_call_that_has_ended_is_not_cut_off(self) -> None:
        for end in (FINISHED, replace(REFUSED, call="1"), replace(ABANDONED, call="1")):
            assert costs_of(STARTED, end).cut_off("LLD-1") == []

    def test_one_that_has_not_is_given_its_end(self) -> None:
        costs = costs_of(
            STARTED, FINISHED, replace(STARTED, call="2"), replace(STARTED, item="LLD-2", call="3")
        )
        [end] = costs.cut_off("LLD-1")
        assert end == CallAbandoned(
            item="LLD-1", call="2", credential="main", model="m", reason="its process ended"
        )
        assert costs.item("LLD-1").calls == 1
        costs(end)
        assert costs.item("LLD-1").unknown == 1
        assert costs.cut_off("LLD-1") == []
        assert [one.call for one in costs.cut_off("LLD-2")] == ["3"]

    def test_it_is_asked_for_while_another_thread_tells_of_calls(self) -> None:
        class Gate(str):  # an item whose comparison lets another event come in
            __slots__ = ()
            tell = staticmethod(lambda: None)

            def __eq__(self, other: object) -> bool:
                self.tell()
                return str.__eq__(self, other)

            __hash__ = str.__hash__

        costs = costs_of(STARTED, replace(STARTED, item="LLD-2"))
        more = threading.Thread(target=costs, args=(replace(STARTED, call="9"),), daemon=True)

        def tell() -> None:
            if more.ident is None:
                more.start()
                more.join(0.1)  # without a lock it gets in here, with one it never does

        label = Gate("LLD-1")
        Gate.tell = staticmethod(tell)
        assert [one.call for one in costs.cut_off(label)] == ["1"]
        more.join()
        assert [one.call for one in costs.cut_off("LLD-1")] == ["1", "9"]

    def test_the_end_of_another_items_call_ends_nothing_here(self) -> None:
        costs = costs_of(STARTED, replace(FINISHED, item="LLD-2"))
        assert len(costs.cut_off("LLD-1")) == 1


@pytest.mark.parametrize(
    ("spending", "text"),
    [
        (Spending(), ""),
        (Spending(calls=3), ""),
        (
            Spending(4, Usage(12_345, 2_000, cached_tokens=3_000), 42_100_000),
            "12,345 in (3,000 cached), 2,000 out, $0.0421",
        ),
        (Spending(1, Usage(5, 6)), "5 in, 6 out, $0.00"),
        (Spending(1, Usage(5, 6), unpriced=1), "5 in, 6 out, price unknown"),
        (
            Spending(2, Usage(5, 6), 10**9, unpriced=1),
            "5 in, 6 out, $1.00, in part without a price",
        ),
        (Spending(1, unknown=1), "1 call of unknown cost"),
        (Spending(4, unknown=2), "2 calls of unknown cost"),
        (Spending(2, Usage(5, 6), unknown=1), "5 in, 6 out, $0.00, and 1 call of unknown cost"),
        (
            Spending(3, Usage(5, 6), unpriced=1, unknown=2),
            "5 in, 6 out, price unknown, and 2 calls of unknown cost",
        ),
    ],
)
def test_it_is_told_in_words(spending: Spending, text: str) -> None:
    assert spending.describe() == text
