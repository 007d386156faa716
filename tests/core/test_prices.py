from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import Usage
from agentos.core.prices import NANO, Cost, Price, PriceTable, dollars

PLAIN = Price(Decimal(3), Decimal(15))
CACHING = Price(Decimal(3), Decimal(15), cached=Decimal("0.3"), cache_write=Decimal("3.75"))
GIVEN_AWAY = Price(Decimal(3), Decimal(15), cached=Decimal(0), cache_write=Decimal(0))
TABLE = PriceTable({"plain": PLAIN, "caching": CACHING, "free cache": GIVEN_AWAY}, "2026-11-01")


def table(price: Price) -> PriceTable:
    return PriceTable({"m": price})


@pytest.mark.parametrize(
    ("model", "usage", "nanodollars"),
    [
        ("plain", Usage(), 0),
        ("plain", Usage(1_000_000, 0), 3 * NANO),
        ("plain", Usage(0, 1_000_000), 15 * NANO),
        ("plain", Usage(1, 1), 18_000),
        ("plain", Usage(100, 0, cached_tokens=60, cache_write_tokens=40), 300_000),
        ("caching", Usage(100, 0, cached_tokens=100), 30_000),
        ("caching", Usage(100, 0, cache_write_tokens=100), 375_000),
        (
            "caching",
            Usage(100, 10, cached_tokens=50, cache_write_tokens=20),
            30 * 3_000 + 50 * 300 + 20 * 3_750 + 10 * 15_000,
        ),
        ("free cache", Usage(100, 0, cached_tokens=60, cache_write_tokens=30), 30_000),
        # More from the cache than there is input: what is left of it is nothing, not less.
        ("caching", Usage(10, 0, cached_tokens=100), 30_000),
    ],
)
def test_what_a_call_costs(model: str, usage: Usage, nanodollars: int) -> None:
    assert TABLE.cost(model, usage) == nanodollars


@pytest.mark.parametrize(
    ("model", "bound", "nanodollars"),
    [
        ("plain", Usage(100, 10), 100 * 3_000 + 10 * 15_000),
        ("caching", Usage(100, 10), 100 * 3_750 + 10 * 15_000),
        ("free cache", Usage(100, 10), 100 * 3_000 + 10 * 15_000),
    ],
)
def test_the_most_is_as_if_all_input_were_what_costs_most(
    model: str, bound: Usage, nanodollars: int
) -> None:
    assert TABLE.most(model, bound) == nanodollars


@pytest.mark.parametrize(("tokens", "nanodollars"), [(1, 1), (4, 1), (5, 2), (8, 2)])
def test_a_fraction_of_a_nanodollar_is_rounded_up(tokens: int, nanodollars: int) -> None:
    cheap = table(Price(Decimal("0.00025"), Decimal("0.00025")))
    assert cheap.cost("m", Usage(tokens, 0)) == nanodollars
    assert cheap.cost("m", Usage(0, tokens)) == nanodollars
    assert cheap.most("m", Usage(tokens, 0)) == nanodollars


def test_a_model_without_a_price_costs_nobody_knows_what() -> None:
    assert TABLE.knows("plain")
    assert not TABLE.knows("other")
    for tell in (TABLE.cost, TABLE.most):
        assert tell("other", Usage(1, 0)) is None
        assert tell("other", Usage(0, 1)) is None
        assert tell("other", Usage()) == 0


def test_costs_add_up_and_what_is_unknown_adds_nothing() -> None:
    assert Cost(1, 2) + Cost(10, 20) == Cost(11, 22)
    assert Cost(1, 2) + Cost(10, None) == Cost(11, 2)
    assert Cost(1, None) + Cost(10, None) == Cost(11, 0)
    assert sum([Cost(1, 2), Cost(3, 4)], Cost()) == Cost(4, 6)


def test_great_amounts_stay_exact() -> None:
    dear = table(Price(Decimal("74.123457"), Decimal("149.999999")))
    assert dear.cost("m", Usage(10**12, 10**12)) == (74_123_457 + 149_999_999) * 10**9


@pytest.mark.parametrize(
    ("nanodollars", "text"),
    [
        (0, "$0.00"),
        (1, "under $0.0001"),
        (99_999, "under $0.0001"),
        (100_000, "$0.0001"),
        (42_100_000, "$0.0421"),
        (999_900_000, "$0.9999"),
        (NANO, "$1.00"),
        (1234 * NANO + 567_890_000, "$1,234.57"),
    ],
)
def test_dollars(nanodollars: int, text: str) -> None:
    assert dollars(nanodollars) == text


amounts = st.decimals(0, 200, places=6)
prices = st.builds(Price, amounts, amounts, st.none() | amounts, st.none() | amounts)
tokens = st.integers(0, 10**7)


@given(prices, tokens, tokens, st.data())
def test_no_call_costs_more_than_the_most(
    price: Price, read: int, written: int, data: st.DataObject
) -> None:
    prices = table(price)
    most = prices.most("m", Usage(read, written))
    sent = data.draw(st.integers(0, read))
    cached = data.draw(st.integers(0, sent))
    cache_write = data.draw(st.integers(0, sent - cached))
    usage = Usage(sent, data.draw(st.integers(0, written)), cached, cache_write)
    cost = prices.cost("m", usage)
    assert cost is not None
    assert most is not None
    assert 0 <= cost <= most
