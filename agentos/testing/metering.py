"""A script for a provider that has limits: its accounts are metered, and it says what it is to say.

with LoopbackServer(Metered({"key-1": account, "key-2": account}, dice=random.Random(1))) as server:
    ...
"""

import heapq
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from agentos.core.calls import Limit, LimitScope, RefusalKind
from agentos.core.clock import Clock
from agentos.testing import refusals
from agentos.testing.documents import author
from agentos.testing.exchanges import Asked, Wire
from agentos.testing.limits import limit_headers
from agentos.testing.performance import estimated_tokens
from agentos.testing.quota import Outage, Quota, QuotaLimits, Refused
from agentos.testing.replies import Refuse, Reply, Say, reply_for
from agentos.testing.retry_hints import RetryHint

Latency = Callable[[random.Random], float]
"""Seconds that a call takes, drawn with the dice that are handed in."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a provider speaks of its limits: what refusals say, and whether answers name them."""

    hint: RetryHint = RetryHint.SECONDS
    advertises: bool = False


class MeteredAccount:
    """What one account may ask of each model; several secrets may stand for one account.

    `models` are the limits of those that have limits of their own.
    """

    def __init__(
        self, limits: QuotaLimits, models: Mapping[str, QuotaLimits] | None = None
    ) -> None:
        self._limits = limits
        self._models = dict(models or {})
        self._quotas: dict[str, Quota] = {}
        self._outages: list[Outage] = []

    def quota(self, model: str) -> Quota:
        """The domain of this model."""
        if model not in self._quotas:
            limits = self._models.get(model, self._limits)
            self._quotas[model] = Quota(limits, *self._outages)
        return self._quotas[model]

    def break_down(self, outage: Outage) -> None:
        """Refuse every call for that time, whatever the model."""
        self._outages.append(outage)
        for quota in self._quotas.values():
            quota.outages.append(outage)


class Metered:
    """Answers what an account's limits allow, and refuses the rest; a secret without one is bad.

    `text` writes the answers; tokens that it leaves open are estimated. A call ends, and frees its
    place, after its `latency`. `clock` is that of the accounts' outages.
    """

    def __init__(
        self,
        accounts: Mapping[str, MeteredAccount],
        *,
        dice: random.Random,
        latency: Latency = lambda _: 0.0,
        manners: Manners = Manners(),
        text: Callable[[Asked], Say] = author,
        clock: Clock = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._dice = dice
        self._latency = latency
        self._manners = manners
        self._text = text
        self._clock = clock
        self._under_way: list[tuple[float, int, Quota, int]] = []

    def __call__(self, asked: Asked) -> Reply:
        """What this request is answered, now."""
        now = self._clock()
        self._end_calls(now)
        account = self._accounts.get(asked.secret)
        if account is None:
            return refusals.bad_key()
        quota = account.quota(asked.model)
        say = self._text(asked)
        tokens = _or_estimated(say.input_tokens, asked.prompt)
        refused = quota.arrive(now, tokens)
        headers = limit_headers(asked.wire, self._stated(quota, now, asked.wire))
        if refused is not None:
            return _refusal(refused, quota, asked.wire, self._manners.hint, headers)
        seconds = self._latency(self._dice)
        output = _or_estimated(say.output_tokens, say.text)
        heapq.heappush(self._under_way, (now + seconds, asked.number, quota, output))
        return replace(say, first_delay=seconds, limits={**say.limits, **headers})

    def _stated(self, quota: Quota, now: float, wire: Wire) -> tuple[Limit, ...]:
        return quota.stated(now, wire) if self._manners.advertises else ()

    def _end_calls(self, now: float) -> None:
        """Take what the calls put out that have ended since, each at its own time."""
        while self._under_way and self._under_way[0][0] <= now:
            ended, _, quota, output = heapq.heappop(self._under_way)
            quota.finish(ended, output)


def _or_estimated(tokens: int | None, text: str) -> int:
    return estimated_tokens(text) if tokens is None else tokens


def _refusal(
    refused: Refused, quota: Quota, wire: Wire, hint: RetryHint, headers: Mapping[str, str]
) -> Refuse:
    """The vendor's words; of the limits nothing but what is in `headers`, and one kind of hint."""
    make = _OUTAGES.get(refused.kind)
    if make is not None:
        return _form(make(), wire)
    scope = refused.scope if refused.scope in dict(quota.limits.per_minute()) else None
    limit = quota.limits.concurrent if scope is None else dict(quota.limits.per_minute())[scope]
    limited = refusals.rate_limited(None, scope or LimitScope.REQUESTS, round(limit or 0))
    refuse = _form(limited, wire)
    return replace(
        refuse,
        headers={**hint.headers(refused.seconds), **headers},
        details=(*refuse.details, *hint.details(refused.seconds)),
    )


def _form(reply: Reply, wire: Wire) -> Refuse:
    refuse = reply_for(reply, wire)
    assert isinstance(refuse, Refuse)  # noqa: S101 - for the type checker
    return refuse


_OUTAGES: Mapping[RefusalKind, Callable[[], Reply]] = {
    RefusalKind.ACCOUNT: refusals.insufficient_quota,
    RefusalKind.CREDENTIAL: refusals.bad_key,
    RefusalKind.DAILY_QUOTA: refusals.daily_quota,
    RefusalKind.OVERLOADED: refusals.overloaded,
    RefusalKind.TRANSIENT: refusals.server_error,
}
