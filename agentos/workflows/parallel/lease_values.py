"""Wishes and results as they cross between a child and the lease server.

What comes from a child is checked to the last number: it is another process that may say anything.
"""

import math

from agentos.core.calls import (
    LONGEST_REST,
    MOST_TOKENS,
    Answer,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalKind,
    Usage,
    Wish,
    is_count,
)

MAX_REASON = 2000
"""Characters of a provider's message that are passed on."""


def result_fields(result: Answer | Refusal) -> dict[str, object]:
    """How a call went, as JSON takes it; the text of an answer is left out."""
    known: dict[str, object] = {
        "usage": _usage_fields(result.usage),
        "hint": _hint_fields(result.hint),
    }
    if isinstance(result, Answer):
        return known
    return known | {
        "kind": result.kind,
        "message": result.message[:MAX_REASON],
        "code": result.code[:MAX_REASON],
    }


def _usage_fields(usage: Usage | None) -> dict[str, int] | None:
    """Anybody's adapter counts: what is no count must not make the whole result unreadable."""
    if usage is None:
        return None
    counts = {name: _sane_count(one) for name, one in _counts(usage).items()}
    known = {name: count for name, count in counts.items() if count is not None}
    return known if len(known) == len(counts) else None


def _counts(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }


def _hint_fields(hint: LimitHint) -> dict[str, object]:
    limits = [
        {
            "scope": one.scope,
            "limit": _sane_count(one.limit),
            "remaining": _sane_count(one.remaining),
            "reset_after": _sane(one.reset_after),
        }
        for one in hint.limits
    ]
    return {"retry_after": _sane(hint.retry_after), "limits": limits}


def _sane_count(count: float | None) -> int | None:
    sane = _sane(count)
    return None if sane is None else min(int(sane), MOST_TOKENS)


def _sane(number: float | None) -> float | None:
    """Itself if it is a finite number from 0 on; None, which is `not said`, for all else."""
    return number if isinstance(number, int | float) and 0 <= number < math.inf else None


def result_from(data: object) -> Answer | Refusal:
    """What `result_fields` gave; raises ValueError for anything else."""
    match data:
        case {
            "usage": usage,
            "hint": hint,
            "kind": str(kind),
            "message": str(message),
            "code": str(code),
        }:
            return Refusal(
                RefusalKind(kind),
                message[:MAX_REASON],
                _hint(hint),
                code[:MAX_REASON],
                None if usage is None else _usage(usage),
            )
        case {"usage": usage, "hint": hint, **more} if not more:
            return Answer("", "", None if usage is None else _usage(usage), _hint(hint))
    raise ValueError("there is no such result")


def wish_fields(wish: Wish) -> dict[str, object]:
    """A wish, as JSON takes it."""
    return {"provider": wish.provider, "model": wish.model, "bound": _counts(wish.bound)}


def wish_from(data: object) -> Wish:
    """What `wish_fields` gave; raises ValueError for anything else."""
    match data:
        case {"provider": str(provider), "model": str(model), "bound": bound}:
            return Wish(provider, model, _usage(bound))
    raise ValueError("there is no such wish")


def _usage(data: object) -> Usage:
    match data:
        case {
            "input_tokens": int(read),
            "output_tokens": int(written),
            "cached_tokens": int(cached),
            "cache_write_tokens": int(cache_write),
        }:
            return Usage(*map(_count, (read, written, cached, cache_write)))
    raise ValueError("there is no such usage")


def _hint(data: object) -> LimitHint:
    match data:
        case {"retry_after": retry_after, "limits": [*limits]}:
            return LimitHint(_seconds(retry_after), tuple(_limit(one) for one in limits))
    raise ValueError("there is no such hint")


def _limit(data: object) -> Limit:
    match data:
        case {"scope": str(scope), "limit": limit, "remaining": remaining, "reset_after": reset}:
            return Limit(
                LimitScope(scope),
                None if limit is None else _count(limit),
                None if remaining is None else _count(remaining),
                _seconds(reset),
            )
    raise ValueError("there is no such limit")


def _count(value: object) -> int:
    if is_count(value):
        return value
    raise ValueError("a count is a whole number")


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(min(value, LONGEST_REST))  # JSON knows numbers that no float can hold
    raise ValueError("this is no number of seconds")
