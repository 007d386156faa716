"""Answers the calls of child processes: binds each connection to its child, lends and takes back.

No socket here: the server reads an object, the desk answers with one.
"""

import secrets
import threading
from dataclasses import dataclass, field

from agentos.core.calls import Lease
from agentos.credentials.answers import Waiting
from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.lease_wire import (
    NEVER,
    Acquire,
    Bind,
    Fields,
    Renew,
    Settle,
    call_from,
    lease_fields,
)


def refusal(reason: str) -> Fields:
    """The answer to what is no proper call."""
    return {"status": "refused", "reason": reason}


_STATUS_OF = {error: status for status, error in NEVER.items()}
_UNBOUND = refusal("this connection is no longer bound")


@dataclass(slots=True, eq=False)
class _Child:
    """One process that tokens were issued for. `tickets` maps its names for them to the pool's."""

    owner: str
    tickets: dict[str, str] = field(default_factory=dict)
    revoked: threading.Event = field(default_factory=threading.Event)


class LeaseDesk:
    """Who holds which token, and what a child may do: nothing before it is bound.

    The owner comes from the token alone. A child that lost its connection asks for the same
    ticket again over the next one and gets its place, or the lease that it did not hear of.
    """

    def __init__(self, coordinator: CredentialCoordinator, patience: float) -> None:
        self._coordinator = coordinator
        self._patience = patience
        self._lock = threading.Lock()
        self._children: dict[str, _Child] = {}
        self._tokens: dict[str, _Child] = {}

    def issue_tokens(self, owner: str, count: int) -> list[str]:
        """New tokens, each good for one connection in the owner's name."""
        tokens = [secrets.token_urlsafe(24) for _ in range(count)]
        with self._lock:
            child = self._children.setdefault(owner, _Child(owner))
            self._tokens.update(dict.fromkeys(tokens, child))
        return tokens

    def revoke(self, owner: str) -> None:
        """Void the owner's tokens, bindings, tickets and leases."""
        with self._lock:
            child = self._children.pop(owner, None)
            if child is None:
                return
            child.revoked.set()
            self._tokens = {t: held for t, held in self._tokens.items() if held is not child}
        self._coordinator.take_back(owner)

    def revoke_all(self) -> None:
        """Void everything that was issued."""
        with self._lock:
            owners = list(self._children)
        for owner in owners:
            self.revoke(owner)

    def bind(self, token: str) -> _Child | None:
        """The child that the token stands for; None for an unknown, used or void one."""
        with self._lock:
            return self._tokens.pop(token, None)

    def acquire(self, child: _Child, call: Acquire) -> Fields:
        """Wait for a lease, as long as one answer may take."""
        with self._lock:  # a ticket asked for after the revocation would never be taken back
            if child.revoked.is_set():
                return _UNBOUND
            ticket = child.tickets.get(call.ticket)
            if ticket is None:
                ticket = self._coordinator.request(child.owner, call.wish)
                child.tickets[call.ticket] = ticket
        answer = self._coordinator.wait(child.owner, ticket, self._patience)
        if child.revoked.is_set():
            return _UNBOUND
        if isinstance(answer, Lease):
            return {"status": "granted", "lease": lease_fields(answer)}
        if isinstance(answer, Waiting):
            return {"status": "waiting"}
        return {"status": _STATUS_OF[answer.error], "reason": answer.reason}

    def renew(self, child: _Child) -> Fields:
        """Hear that the child is there."""
        with self._lock:  # nothing is to be remembered of a child that is gone
            if child.revoked.is_set():
                return _UNBOUND
            self._coordinator.renew(child.owner)
        return {"status": "renewed"}

    def settle(self, child: _Child, call: Settle) -> Fields:
        """Take a lease back; one that is not the child's, or not any more, changes nothing."""
        self._coordinator.settle(child.owner, call.lease, call.result)
        with self._lock:
            child.tickets = {name: t for name, t in child.tickets.items() if t != call.lease}
        return {"status": "settled"}


class Session:
    """One connection: unbound at first, then for ever bound to one child."""

    def __init__(self, desk: LeaseDesk) -> None:
        self._desk = desk
        self._child: _Child | None = None

    @property
    def is_revoked(self) -> bool:
        """Whether it was bound to a child that is gone."""
        return self._child is not None and self._child.revoked.is_set()

    def answer(self, data: object) -> Fields:
        """What the desk says to one call; never raises for what a child sends."""
        try:
            call = call_from(data)
        except ValueError as error:
            return refusal(str(error))
        if isinstance(call, Bind):
            return self._bind(call)
        if self._child is None:
            return refusal("this connection is not bound")
        if isinstance(call, Acquire):
            return self._desk.acquire(self._child, call)
        if isinstance(call, Renew):
            return self._desk.renew(self._child)
        return self._desk.settle(self._child, call)

    def _bind(self, call: Bind) -> Fields:
        if self._child is not None:
            return refusal("this connection is bound already")
        self._child = self._desk.bind(call.token)
        if self._child is None:
            return refusal("this token is unknown, used or void")
        return {"status": "bound"}
