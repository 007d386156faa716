"""Rate limits as the vendors' response headers state them."""

from collections.abc import Iterable
from datetime import timedelta

from agentos.core.calls import Limit, LimitScope
from agentos.core.clock import Now, utc_now
from agentos.testing.exchanges import Wire

_ANTHROPIC = {
    LimitScope.REQUESTS: "requests",
    LimitScope.TOKENS: "tokens",
    LimitScope.INPUT_TOKENS: "input-tokens",
    LimitScope.OUTPUT_TOKENS: "output-tokens",
}
_OPENAI = {LimitScope.REQUESTS: "requests", LimitScope.TOKENS: "tokens"}


def limit_headers(wire: Wire, limits: Iterable[Limit], now: Now = utc_now) -> dict[str, str]:
    """The headers by which this vendor states the limits, without those that it has no header for.

    Gemini has none.
    """
    headers: dict[str, str | None] = {}
    for limit in limits:
        amounts = {"limit": limit.limit, "remaining": limit.remaining}
        said = {key: None if value is None else str(value) for key, value in amounts.items()}
        after = limit.reset_after
        if wire is Wire.ANTHROPIC and limit.scope in _ANTHROPIC:
            said["reset"] = None if after is None else _moment(after, now)
            name = f"anthropic-ratelimit-{_ANTHROPIC[limit.scope]}-{{}}"
        elif wire is Wire.OPENAI and limit.scope in _OPENAI:
            said["reset"] = None if after is None else duration(after)
            name = f"x-ratelimit-{{}}-{_OPENAI[limit.scope]}"
        else:
            continue
        headers.update({name.format(key): value for key, value in said.items()})
    return {name: value for name, value in headers.items() if value is not None}


def duration(seconds: float) -> str:
    """As OpenAI writes it: `120ms`, `1.5s`, `6m0s`, `1h0m30s`."""
    if seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{round(rest, 3):g}s"
    if minutes or hours:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


def _moment(after: float, now: Now) -> str:
    """RFC 3339 to the second, rounded up."""
    moment = now() + timedelta(seconds=after, microseconds=999_999)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
