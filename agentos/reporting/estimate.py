"""What an item will take, as a range: from its texts, and from what earlier items took. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agentos.core.calls import Usage
from agentos.core.prices import PriceTable, dollars
from agentos.records.experience import Experience

# Bytes of a token: prose has 4 and more, code down to 3.
_MOST_BYTES = 4
_LEAST_BYTES = 3

# Output tokens where nothing is known yet.
_DRAFT = (800, 4000)
_REVIEW = (50, 800)


@dataclass(frozen=True, slots=True)
class Texts:
    """Bytes of what is sent for one item. `done` is the last step that is not repeated."""

    template: int
    review_template: int
    context: int
    source: int
    done: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """A model as far as an estimate needs it."""

    name: str
    max_output_tokens: int
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Tokens and nanodollars, at least and at most; the latter None where a price is unknown."""

    least_tokens: int = 0
    most_tokens: int = 0
    least_cost: int | None = 0
    most_cost: int | None = 0

    def __add__(self, other: "Range") -> "Range":
        return Range(
            self.least_tokens + other.least_tokens,
            self.most_tokens + other.most_tokens,
            _sum(self.least_cost, other.least_cost),
            _sum(self.most_cost, other.most_cost),
        )

    def describe(self) -> str:
        """Such as `12,000 to 61,000 tokens, $0.05 to $0.31`."""
        tokens = f"{_rounded(self.least_tokens):,} to {_rounded(self.most_tokens):,} tokens"
        if self.least_cost is None or self.most_cost is None:
            return f"{tokens}, price unknown"
        return f"{tokens}, {dollars(self.least_cost)} to {dollars(self.most_cost)}"


@dataclass(frozen=True, slots=True)
class Estimator:
    """`rounds` is how often a draft may be reviewed."""

    drafter: Writer
    reviewer: Writer
    prices: PriceTable
    rounds: int
    experience: Experience

    def item(self, texts: Texts) -> Range:
        """At least the fewest rounds there ever were, at most the most of them."""
        past = self.experience
        least = self._calls(
            texts,
            rounds=min(past.rounds, default=1),
            draft=min(past.drafts, default=_DRAFT[0]),
            review=min(past.reviews, default=_REVIEW[0]),
            bytes_per_token=_MOST_BYTES,
        )
        most = self._calls(
            texts,
            rounds=max(past.rounds, default=self.rounds),
            draft=max(past.drafts, default=_DRAFT[1]),
            review=max(past.reviews, default=_REVIEW[1]),
            bytes_per_token=_LEAST_BYTES,
        )
        return Range(_tokens(least), _tokens(most), self._cost(least), self._cost(most))

    def _calls(
        self, texts: Texts, *, rounds: int, draft: int, review: int, bytes_per_token: int
    ) -> list[tuple[str, Usage]]:
        draft = min(draft, self.drafter.max_output_tokens)
        review = min(review, self.reviewer.max_output_tokens)
        shown = (texts.context + texts.source) // bytes_per_token
        asked = shown + texts.template // bytes_per_token
        judged = shown + texts.review_template // bytes_per_token + draft
        names, calls = ["draft"], [(self.drafter.name, Usage(asked, draft))]
        for number in range(1, rounds + 1):
            names.append(f"review-{number}")
            calls.append((self.reviewer.name, Usage(judged, review)))
            if number < rounds:
                names.append(f"revise-{number}")
                calls.append((self.drafter.name, Usage(asked + draft + review, draft)))
        free = {writer.name for writer in (self.drafter, self.reviewer) if writer.is_free}
        left = calls[_already(names, texts.done) :]
        return [(name, usage) for name, usage in left if name not in free]

    def _cost(self, calls: Sequence[tuple[str, Usage]]) -> int | None:
        total: int | None = 0
        for model, usage in calls:
            total = _sum(total, self.prices.cost(model, usage))
        return total


def _already(names: Sequence[str], done: str) -> int:
    """How many of the calls a resumed item does not repeat."""
    if done.startswith("check-"):  # which follows the draft, or the revision before it
        number = int(done.removeprefix("check-")) - 1
        done = f"revise-{number}" if number else "draft"
    return names.index(done) + 1 if done in names else 0


def _tokens(calls: Sequence[tuple[str, Usage]]) -> int:
    return sum(usage.total_tokens for _, usage in calls)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _rounded(count: int) -> int:
    """To three digits: more would claim to know."""
    digits = len(str(count)) - 3
    return round(count, -digits) if digits > 0 else count
