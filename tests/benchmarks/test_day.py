import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentos.core.calls import Answer, Lease, Refusal, RefusalKind, Usage, Wish
from agentos.core.credentials import Credential
from agentos.credentials.answers import Effect, Refused, Resting, Waiting, Why
from agentos.credentials.pool import CredentialPool
from agentos.testing.quota import QuotaLimits
from benchmarks.day.__main__ import main
from benchmarks.day.accounts import ANTHROPIC, LARGE, OPENAI, SMALL, Account
from benchmarks.day.bill import Bill
from benchmarks.day.child import Outcome
from benchmarks.day.day import play_day
from benchmarks.day.rules import BrokenPromiseError
from benchmarks.day.waiter import Waiter
from benchmarks.day.watch import MOST_OVERTAKING, Watch
from benchmarks.keys.scenarios import Known

SCARCE = (
    Account("labs", ANTHROPIC, Known.DECLARED, QuotaLimits(requests=8, concurrent=2)),
    Account("team", OPENAI, Known.HINTED, QuotaLimits(requests=6)),
    Account("free", OPENAI, Known.HIDDEN, QuotaLimits(requests=3)),
)


@pytest.mark.timeout(900)
def test_a_day_of_ten_thousand_items_comes_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "build" / "day.json"
    assert main(["--json", str(file)]) == 0, capsys.readouterr().out
    figures = json.loads(file.read_text())
    assert figures["items"] == figures["children"]["finished"] == 10_000
    assert figures["hours"] <= 24
    assert figures["most_overtaken"] <= MOST_OVERTAKING
    shown = capsys.readouterr().out
    assert "items finished" in shown
    assert f"of {MOST_OVERTAKING} allowed" in shown

    # It was a day that puts something to the test.
    assert figures["runs_out_of_keys"] > 3
    assert figures["closures"] > 20
    assert figures["longest_wait"] > 600
    assert set(figures["children"]) == {outcome.name.lower() for outcome in Outcome}
    met = {RefusalKind.REQUEST, RefusalKind.EMPTY} ^ set(RefusalKind)
    assert set(figures["refused"]) == {kind.value for kind in met}


def test_with_few_keys_an_honest_pool_gets_through_too() -> None:
    figures = play_day(100, 1, SCARCE)
    assert figures.most_overtaken == 0
    assert figures.longest_wait > 60


def test_the_same_seed_is_the_same_day() -> None:
    one, other = play_day(60, 7), play_day(60, 7)
    assert (one.hours, one.calls, one.refused) == (other.hours, other.calls, other.refused)
    assert play_day(60, 8).hours != one.hours


class Forgetful(CredentialPool):
    """Does not notice that an owner is gone."""

    def take_back(self, owner: str, now: float) -> None:
        pass


class Leaky(CredentialPool):
    """Loses a slot with every thirtieth lease."""

    def settle(self, owner: str | None, lease_id: str, *rest: Any) -> Effect | None:
        effect = super().settle(owner, lease_id, *rest)
        if int(lease_id) % 30 == 0:
            self._stock.accounts[0].in_use += 1
        return effect


class LastComeFirstServed(CredentialPool):
    def request(self, owner: str | None, wish: Wish | None) -> str:
        ticket = super().request(owner, wish)
        self._tickets = {ticket: self._tickets.pop(ticket), **self._tickets}
        return ticket


class SmallFirst(CredentialPool):
    """Prefers one model to another."""

    def request(self, owner: str | None, wish: Wish | None) -> str:
        ticket = super().request(owner, wish)
        ordered = sorted(self._tickets.items(), key=lambda one: one[1].model != SMALL)
        self._tickets = dict(ordered)
        return ticket


class Impatient(CredentialPool):
    """Sends the next call before a rest is over."""

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        return super().poll(owner, ticket, now + 1.0)


class Stubborn(CredentialPool):
    """Takes every refusal for a rate limit."""

    def settle(
        self, owner: str | None, lease_id: str, result: Answer | Refusal | None, now: float
    ) -> Effect | None:
        if isinstance(result, Refusal) and result.kind.is_terminal:
            result = Refusal(RefusalKind.RATE_LIMITED, "", result.hint)
        return super().settle(owner, lease_id, result, now)


class Desperate(CredentialPool):
    """Gives up where it has to wait."""

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        answer = super().poll(owner, ticket, now)
        if isinstance(answer, Waiting):
            self.cancel(owner, ticket, now)
            return Refused("No more")
        return answer


class Silent(CredentialPool):
    """Names no time."""

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        answer = super().poll(owner, ticket, now)
        return Waiting(answer.why) if isinstance(answer, Waiting) else answer


class Restless(CredentialPool):
    """Names times at which nothing happens."""

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        answer = super().poll(owner, ticket, now)
        return Waiting(Why.RATE, now) if isinstance(answer, Waiting) else answer


class Stuck(CredentialPool):
    """Serves nobody any more after some time, and names one far away."""

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        return Waiting(Why.RATE, now + 60) if now > 600 else super().poll(owner, ticket, now)

    def next_wake_up(self, now: float) -> float | None:
        return now + 60


class Generous(CredentialPool):
    """Does not believe how many calls a key takes at once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__([replace(one, max_concurrent=None) for one in args[0]], **options)


class Confused(CredentialPool):
    """Lends a key of another provider."""

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        answer = super().poll(owner, ticket, now)
        return (
            Lease(answer.id, "team-1", "secret of team-1") if isinstance(answer, Lease) else answer
        )


@pytest.mark.parametrize(
    ("make_pool", "what"),
    [
        (LastComeFirstServed, "overtaken by 11"),
        (Impatient, "before its rest ends"),
        (Stubborn, "though it was refused for good"),
        (Desperate, "is given up, and"),
        (Silent, "the pool names no time"),
        (Restless, "at which it serves nobody"),
        (Stuck, "Nobody has been served for"),
        (Generous, "calls at once with"),
        (Confused, "team-1 is lent for anthropic/large"),
    ],
)
def test_a_pool_that_breaks_a_promise_is_found_out(
    make_pool: Callable[..., CredentialPool], what: str
) -> None:
    with pytest.raises(BrokenPromiseError, match=what):
        play_day(100, 1, SCARCE, make_pool)


@pytest.mark.parametrize(
    ("make_pool", "what"), [(Forgetful, "last credentials"), (Leaky, "slots of labs in use")]
)
def test_what_a_run_leaves_behind_is_found(
    make_pool: Callable[..., CredentialPool], what: str
) -> None:
    with pytest.raises(BrokenPromiseError, match=f"A run leaves behind: .*{what}"):
        play_day(30, 1, make_pool=make_pool)


@pytest.mark.parametrize(("seconds_of_rest", "overtaken"), [(0.0, 1), (9.0, 0)])
def test_another_model_of_the_account_overtakes_who_could_have_had_its_slot(
    seconds_of_rest: float, overtaken: int
) -> None:
    credential = Credential("a", "s3cret", ANTHROPIC, max_concurrent=1)
    pool, watch = SmallFirst([credential]), Watch([credential], 1)
    watch.begin_run(pool)
    pool.recall([Resting(ANTHROPIC, "a", LARGE, seconds_of_rest)], 0.0)
    first, second = (
        Waiter(owner, wish, pool.request(owner, wish), 0.0, turn, lambda _: None)
        for turn, (owner, wish) in enumerate(
            [("x", Wish(ANTHROPIC, LARGE, Usage())), ("y", Wish(ANTHROPIC, SMALL, Usage()))]
        )
    )
    lease = pool.poll(second.owner, second.ticket, 0.0)
    assert isinstance(lease, Lease)
    watch.granted([(second, lease)], [first], 0.0)
    assert first.overtaken == watch.most_overtaken == overtaken


def test_a_step_is_paid_for_and_finished_once() -> None:
    bill = Bill()
    bill.called(1, 0)
    bill.called(1, 0)  # the child died before the answer came
    bill.finished(1, 0)
    with pytest.raises(BrokenPromiseError, match="pays again"):
        bill.called(1, 0)
    with pytest.raises(BrokenPromiseError, match="twice"):
        bill.finished(1, 0)
    with pytest.raises(BrokenPromiseError, match="too early"):
        bill.finished(1, 2)
