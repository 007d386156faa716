"""Loopback providers: servers on this machine that speak the vendors' wire formats.

with LoopbackServer([refusals.rate_limited(retry_after=1), Say("Hello")]) as server:
    client = openai.OpenAI(base_url=server.base_url("openai"), api_key="any", max_retries=0)
    ...
assert [exchange.end for exchange in server.exchanges] == ["refused", "answered"]
"""

from agentos.testing import refusals
from agentos.testing.documents import author
from agentos.testing.exchanges import Asked, End, Exchange, Wire
from agentos.testing.limits import limit_headers
from agentos.testing.replies import (
    Cut,
    Decline,
    ErrorEvent,
    Flood,
    PerWire,
    Raw,
    Redirect,
    Refuse,
    Reply,
    Say,
    Script,
    Stall,
)
from agentos.testing.scripts import ScriptExhausted, in_order
from agentos.testing.server import LoopbackServer

__all__ = [
    "Asked",
    "Cut",
    "Decline",
    "End",
    "ErrorEvent",
    "Exchange",
    "Flood",
    "LoopbackServer",
    "PerWire",
    "Raw",
    "Redirect",
    "Refuse",
    "Reply",
    "Say",
    "Script",
    "ScriptExhausted",
    "Stall",
    "Wire",
    "author",
    "in_order",
    "limit_headers",
    "refusals",
]
