"""What crosses between a child and the lease server: one ASCII JSON string each way.

It travels in the Manager's own XML-RPC envelope, which alone breaks on control characters and on
integers from 2**31. A child sends Bind, Acquire, Renew or Settle and gets an object whose `status`
is

    bound, renewed, settled
    granted    with `lease`: id, credential, secret, simulate_rate_limit, quota
    waiting    ask again with the same ticket
    exhausted  with `reason`: no credential will ever serve
    overspent  with `reason`: the budget has no room for it
    refused    with `reason`: this was no proper call
"""

import json
import socket
import xmlrpc.client
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


def encode_call(call: Call) -> str:
    """The call as ASCII JSON."""
    match call:
        case Bind(token):
            return _json({"call": "bind", "token": token})
        case Acquire(ticket, wish):
            return _json({"call": "acquire", "ticket": ticket, "wish": wish_fields(wish)})
        case Renew():
            return _json({"call": "renew"})
        case Settle(lease, result):
            return _json({"call": "settle", "lease": lease, "result": result_fields(result)})


def decode_call(text: str) -> Call:
    """The call that `encode_call` wrote; ValueError, with nothing of the text in it, otherwise."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("this is no JSON") from None
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


def encode_answer(status: str, **fields: object) -> str:
    """An answer as ASCII JSON."""
    return _json({"status": status} | fields)


def encode_lease(lease: Lease) -> str:
    """The one answer that carries a secret."""
    fields = {
        "id": lease.id,
        "credential": lease.credential,
        "secret": lease.secret,
        "simulate_rate_limit": lease.simulate_rate_limit,
        "quota": lease.quota,
    }
    return encode_answer("granted", lease=fields)


def decode_answer(text: str) -> dict[str, Any]:
    """The answer as an object; ValueError if it is none. The server's word is trusted."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("this is no answer")  # noqa: TRY004 - a value from outside, not a bug
    return data


def send(line: Line, message: tuple[Any, ...]) -> None:
    """Write one message of the Manager's protocol."""
    line.send_bytes(xmlrpc.client.dumps((message,), allow_none=True).encode("ascii"))


def receive(line: Line, max_length: int | None = None) -> Any:
    """Read one message of the Manager's protocol.

    Raises EOFError at its end, OSError for a line that cannot be read on (a message of more than
    `max_length` bytes among others), and whatever the XML parser finds wrong with the rest.
    """
    data = line.recv_bytes(max_length)
    if b"<!" in data:  # never in what `send` wrote; in a document type it could grow entities
        raise ValueError("declarations are not allowed")
    (message,), _ = xmlrpc.client.loads(data.decode())
    return message


def hang_up(line: Line) -> None:
    """End a conversation from another thread: closing alone would leave its reader asleep."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, line.fileno())
    try:
        with suppress(OSError):  # the other side was quicker
            ours.shutdown(socket.SHUT_RDWR)
    finally:
        ours.detach()


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=True)
