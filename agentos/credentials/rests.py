"""What a run has found of rests, for the next one to know."""

from collections.abc import Iterable

from agentos.credentials.account import Account
from agentos.credentials.answers import Resting


def resting(accounts: Iterable[Account], now: float) -> list[Resting]:
    """The domains that rest or are closed for a time, and for how long yet."""
    found = []
    for account in accounts:
        for model, domain in account.domains.items():
            until = domain.cooldown_until if domain.closed is None else domain.closed_until
            if until > now:
                left = until - now
                reason = domain.closed or ""
                found.append(Resting(account.provider, account.name, model, left, reason))
    return found


def recall(accounts: Iterable[Account], rests: Iterable[Resting], now: float) -> None:
    """Take over what an earlier run found; of other quotas nothing is taken."""
    known = {(account.name, account.provider): account for account in accounts}
    for one in rests:
        account = known.get((one.quota, one.provider))
        if account is None or not one.model:
            continue
        domain = account.domain(one.model, now)
        if one.reason:
            domain.close(one.reason, now + one.seconds)
        else:
            domain.cool(now + one.seconds)
