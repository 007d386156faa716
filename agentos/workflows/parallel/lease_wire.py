"""What crosses between a child and the lease server: one object each way.

It travels in the Manager's own messages, written as ASCII JSON. A child sends Bind, Acquire, Renew
or Settle and gets an object whose `status` is

    bound, renewed, settled
    granted    with `lease`: id, credential, secret, simulate_rate_limit, quota
    waiting    ask again with the same ticket
    exhausted  with `reason`: no credential will ever serve
    overspent  with `reason`: the budget has no room for it
    refused    with `reason`: this was no proper call
"""

import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from agentos.core.calls import Answer, Lease, Refusal, Wish
from agentos.workflows.parallel.lease_values import (
    result_fields,
    result_from,
    wish_fields,
    wish_from,
)

FACADE = "leases"
METHOD = "call"
"""The only object that the server knows, and the only method of it that answers."""

MAX_MESSAGE = 64 * 1024
"""Bytes of one message from a child; more is refused unread."""

Line: TypeAlias = "Connection[Any, Any]"

Fields: TypeAlias = dict[str, object]
"""An object as JSON takes it."""


@dataclass(frozen=True, slots=True)
class Bind:
    """The first call on a connection: it belongs to whom the token was issued for."""

    token: str


@dataclass(frozen=True, slots=True)
class Acquire:
    """`ticket` is the child's own name for this wish: with it the same wish is asked for again."""

    ticket: str
    wish: Wish


@dataclass(frozen=True, slots=True)
class Renew:
    """A sign of life, while a call runs: what the child holds is not to go to others."""


@dataclass(frozen=True, slots=True)
class Settle:
    """The call of this lease is over; the text of an answer stays where it is."""

    lease: str
    result: Answer | Refusal


Call = Bind | Acquire | Renew | Settle


def call_fields(call: Call) -> Fields:
    """The call, as JSON takes it."""
    match call:
        case Bind(token):
            return {"call": "bind", "token": token}
        case Acquire(ticket, wish):
            return {"call": "acquire", "ticket": ticket, "wish": wish_fields(wish)}
        case Renew():
            return {"call": "renew"}
        case Settle(lease, result):
            return {"call": "settle", "lease": lease, "result": result_fields(result)}


def call_from(data: object) -> Call:
    """What `call_fields` gave; ValueError, with nothing of it in the sentence, for all else."""
    match data:
        case {"call": "bind", "token": str(token)}:
            return Bind(token)
        case {"call": "acquire", "ticket": str(ticket), "wish": wish}:
            return Acquire(ticket, wish_from(wish))
        case {"call": "renew"}:
            return Renew()
        case {"call": "settle", "lease": str(lease), "result": result}:
            return Settle(lease, result_from(result))
    raise ValueError("there is no such call")


def lease_fields(lease: Lease) -> Fields:
    """What is told of a lease in the one answer that carries a secret."""
    return {
        "id": lease.id,
        "credential": lease.credential,
        "secret": lease.secret,
        "simulate_rate_limit": lease.simulate_rate_limit,
        "quota": lease.quota,
    }


def send(line: Line, message: Sequence[object]) -> None:
    """Write one message of the Manager's protocol."""
    line.send_bytes(json.dumps(message).encode("ascii"))


def receive(line: Line, max_length: int | None = None) -> Any:
    """Read one message of the Manager's protocol.

    Raises EOFError at its end, OSError for a line that cannot be read on (a message of more than
    `max_length` bytes among others), ValueError or RecursionError for what is no JSON.
    """
    return json.loads(line.recv_bytes(max_length))


def hang_up(line: Line) -> None:
    """End a conversation from another thread: closing alone would leave its reader asleep."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, line.fileno())
    try:
        with suppress(OSError):  # the other side was quicker
            ours.shutdown(socket.SHUT_RDWR)
    finally:
        ours.detach()
