"""A child's way to its leases: the supervisor lends them over a socket."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, answer_challenge, deliver_challenge
from typing import Any

from agentos.core.calls import Answer, Lease, Refusal, Wish
from agentos.core.errors import Interrupted
from agentos.workflows.parallel.lease_line import Line
from agentos.workflows.parallel.lease_wire import (
    FACADE,
    METHOD,
    NEVER,
    Acquire,
    Bind,
    Call,
    Renew,
    Settle,
    call_fields,
)

RENEWAL = 15.0
"""Seconds between signs of life while a call runs; a lease outlasts several that are missed."""


class LeaseClient:
    """Implements `core.calls.Leases`, one call at a time.

    After any error the connection is dropped and a new one bound with the next token. Asking
    again is harmless: a wish keeps its ticket, and settling twice does nothing. A lease that is
    held is renewed every `renewal` seconds by a thread of its own: a call may take long.
    """

    def __init__(
        self, address: str, authkey: bytes, tokens: Sequence[str], *, renewal: float = RENEWAL
    ) -> None:
        self._address = address
        self._authkey = authkey
        self._tokens = deque(tokens)
        self._tickets = itertools.count(1)
        self._talking = threading.Lock()
        self._switching = threading.Lock()  # guards the two below; never held while talking
        self._line: Line | None = None
        self._closed = False
        self._renewal = renewal
        self._holds = False
        self._renewer: threading.Thread | None = None

    def acquire(self, wish: Wish) -> Lease:
        """Wait for a credential that serves the wish, and for the budget.

        Raises CredentialsExhausted, BudgetExhausted or SpendingUnrecorded when that will never be,
        Interrupted when this client was closed or the supervisor is gone.
        """
        call = Acquire(str(next(self._tickets)), wish)
        while True:
            answer = self._ask(call)
            if answer["status"] == "granted":
                self._hold()
                return Lease(**answer["lease"])
            if error := NEVER.get(answer["status"]):
                raise error(answer["reason"])

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        """Give the lease back and say how the call went; a second time does nothing."""
        self._holds = False
        with suppress(Interrupted):  # no supervisor, no lease; an answer is not lost over that
            self._ask(Settle(lease.id, result))

    def close(self) -> None:
        """Hang up, from whatever thread: an `acquire` that waits raises Interrupted."""
        with self._switching:
            self._closed = True
            if self._line is not None:
                self._line.hang_up()

    def _hold(self) -> None:
        self._holds = True
        if self._renewer is None:
            self._renewer = threading.Thread(target=self._renew, name="lease-renewal", daemon=True)
            self._renewer.start()

    def _renew(self) -> None:
        """Give signs of life while a lease is held, until nobody listens any more.

        It is not woken up for each lease, which would cost every call some time.
        """
        with suppress(Interrupted):
            while True:
                time.sleep(self._renewal)
                if self._holds:
                    self._ask(Renew())

    def _ask(self, call: Call) -> dict[str, Any]:
        with self._talking:
            while True:
                try:
                    return self._exchange(self._line or self._connect(), call)
                except Interrupted:
                    raise
                except Exception:  # noqa: BLE001 - whatever went wrong, a new connection is the cure
                    self._drop()

    def _connect(self) -> Line:
        """A connection that is bound to us; it uses up a token. Raises Interrupted.

        No token is lost on a supervisor that has no room for a connection and ends it at once.
        """
        if not self._tokens:
            raise self._lost()
        try:
            connection = Client(self._address)
        except OSError:
            raise self._lost() from None
        line = Line(connection)
        with self._switching:
            if self._closed:
                line.close()
                raise self._lost()
            self._line = line
        try:
            answer_challenge(connection, self._authkey)
            deliver_challenge(connection, self._authkey)
        except AuthenticationError:
            raise self._lost() from None
        line.send((None, "accept_connection", ("child",), {}))
        line.receive()
        self._exchange(line, Bind(self._tokens.popleft()))
        return line

    def _exchange(self, line: Line, call: Call) -> dict[str, Any]:
        line.send((FACADE, METHOD, (call_fields(call),), {}))
        answer: dict[str, Any]
        _, answer = line.receive()  # the server's word is trusted
        if answer["status"] == "refused":
            raise ValueError(answer["reason"])
        return answer

    def _drop(self) -> None:
        with self._switching:
            if self._line is not None:
                self._line.close()
                self._line = None

    def _lost(self) -> Interrupted:
        return Interrupted(
            "No more credentials: this process is about to stop"
            if self._closed
            else "No more credentials: the supervisor does not answer",
            "What is done is checkpointed; run the same command again to go on.",
        )
