"""What crosses between a child and the lease server: one object each way.

It travels in the Manager's own messages (lease_line.py). A child sends Bind, Acquire, Renew or
Settle and gets an object whose `status` is

    bound, renewed, settled
    granted    with `lease`: id, credential, secret, simulate_rate_limit, quota
    waiting    ask again with the same ticket
    exhausted  with `reason`: no credential will ever serve
    overspent  with `reason`: the budget has no room for it
    unrecorded with `reason`: what it may cost cannot be written down
    refused    with `reason`: this was no proper call
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from agentos.core.calls import Answer, Lease, Refusal, Wish
from agentos.core.errors import (
    AgentosError,
    BudgetExhausted,
    CredentialsExhausted,
    SpendingUnrecorded,
)
from agentos.workflows.parallel.lease_values import (
    result_fields,
    result_from,
    wish_fields,
    wish_from,
)

FACADE = "leases"
METHOD = "call"
"""The only object that the server knows, and the only method of it that answers."""

NEVER: Mapping[str, type[AgentosError]] = {
    "exhausted": CredentialsExhausted,
    "overspent": BudgetExhausted,
    "unrecorded": SpendingUnrecorded,
}
"""What a child raises for an answer by which it will never get a lease."""

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
