from dataclasses import replace
from decimal import Decimal

import pytest

from agentos.core.prices import NANO, Price, PriceTable
from agentos.records.experience import Experience
from agentos.reporting.estimate import Estimator, Range, Texts, Writer

PRICES = PriceTable({"d": Price(Decimal(1), Decimal(2)), "r": Price(Decimal(10), Decimal(20))})
TEXTS = Texts(template=120, review_template=240, context=1200, source=360)
ONE_ROUND = Experience(drafts=(100,), reviews=(10,), rounds=(1,))
ESTIMATOR = Estimator(Writer("d", 9999), Writer("r", 9999), PRICES, 3, ONE_ROUND)


def test_an_item_is_a_draft_and_its_review_at_least() -> None:
    asked, judged = (1560 // 4 + 120 // 4), (1560 // 4 + 240 // 4 + 100)
    found = ESTIMATOR.item(TEXTS)
    assert found.least_tokens == asked + 100 + judged + 10
    assert found.least_cost == (asked + 200 + 10 * judged + 200) * 1000
    asked, judged = (1560 // 3 + 120 // 3), (1560 // 3 + 240 // 3 + 100)
    assert found.most_tokens == asked + 100 + judged + 10


def test_each_further_round_is_a_revision_and_a_review() -> None:
    once = ESTIMATOR.item(TEXTS)
    twice = replace(ESTIMATOR, experience=replace(ONE_ROUND, rounds=(2, 1))).item(TEXTS)
    assert twice.least_tokens == once.least_tokens
    revision = 1560 // 3 + 120 // 3 + 100 + 10 + 100
    review = 1560 // 3 + 240 // 3 + 100 + 10
    assert twice.most_tokens == once.most_tokens + revision + review


def test_without_experience_every_round_that_may_be_is_thought_of() -> None:
    new = replace(ESTIMATOR, experience=Experience())
    known = replace(
        ESTIMATOR, experience=Experience(drafts=(800, 4000), reviews=(50, 800), rounds=(1, 3))
    )
    assert new.item(TEXTS) == known.item(TEXTS)


def test_no_answer_is_longer_than_its_model_writes() -> None:
    short = replace(ESTIMATOR, drafter=Writer("d", 40), reviewer=Writer("r", 4))
    expected = replace(ESTIMATOR, experience=Experience((40,), (4,), (1,)))
    assert short.item(TEXTS) == expected.item(TEXTS)


@pytest.mark.parametrize(
    ("done", "calls"),
    [
        ("", 4),
        ("load", 4),
        ("draft", 3),
        ("check-1", 3),
        ("review-1", 2),
        ("revise-1", 1),
        ("check-2", 1),
        ("review-2", 0),
    ],
)
def test_what_a_resumed_item_has_done_is_not_paid_for_again(done: str, calls: int) -> None:
    estimator = Estimator(Writer("d", 9), Writer("r", 9), PRICES, 3, Experience((1,), (1,), (2,)))
    found = estimator.item(Texts(0, 0, 0, 0, done))
    # draft 1 out; review 1 in, 1 out; revision 2 in, 1 out; review 1 in, 1 out
    assert found.least_tokens == found.most_tokens == [0, 2, 5, 7, 8][calls]


def test_a_model_without_a_price_leaves_the_cost_open() -> None:
    found = replace(ESTIMATOR, reviewer=Writer("other", 99)).item(TEXTS)
    assert (found.least_cost, found.most_cost) == (None, None)
    assert found.most_tokens > 0
    whole = found + ESTIMATOR.item(TEXTS)
    assert (whole.least_cost, whole.most_cost) == (None, None)


@pytest.mark.parametrize("free", ["d", "r"])
def test_the_calls_of_a_free_model_count_nothing(free: str) -> None:
    priced = {name: PRICES.prices[name] for name in ("d", "r") if name != free}
    found = replace(
        ESTIMATOR,
        drafter=Writer("d", 9999, is_free=free == "d"),
        reviewer=Writer("r", 9999, is_free=free == "r"),
        prices=PriceTable(priced),
    ).item(TEXTS)
    draft = (1560 // 4 + 120 // 4, 100)
    review = (1560 // 4 + 240 // 4 + 100, 10)
    read, written = review if free == "d" else draft
    input_price, output_price = (10, 20) if free == "d" else (1, 2)
    assert found.least_tokens == read + written
    assert found.least_cost == (input_price * read + output_price * written) * 1000


def test_a_resumed_item_goes_on_where_it_was_though_its_drafter_is_free() -> None:
    estimator = Estimator(
        Writer("d", 9, is_free=True), Writer("r", 9), PRICES, 3, Experience((1,), (1,), (2,))
    )
    # review 1 in, 1 out; a free revision; review 1 in, 1 out
    for done, tokens in (("", 4), ("draft", 4), ("review-1", 2), ("revise-1", 2), ("review-2", 0)):
        assert estimator.item(Texts(0, 0, 0, 0, done)).least_tokens == tokens


def test_ranges_add_up() -> None:
    assert Range(1, 2, 3, 4) + Range(10, 20, 30, 40) == Range(11, 22, 33, 44)
    assert sum([Range(1, 2, 3, 4)] * 2, Range()) == Range(2, 4, 6, 8)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Range(), "0 to 0 tokens, $0.00 to $0.00"),
        (Range(12_345, 61_499, 50_000_000, 2 * NANO), "12,300 to 61,500 tokens, $0.0500 to $2.00"),
        (Range(999, 1_000_499, None, None), "999 to 1,000,000 tokens, price unknown"),
    ],
)
def test_it_is_told_in_words(found: Range, text: str) -> None:
    assert found.describe() == text
