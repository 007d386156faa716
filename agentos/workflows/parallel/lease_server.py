"""The Manager server that children lease credentials from, served by threads of the parent.

It speaks the protocol of `multiprocessing.managers` and serves one method of one object. What the
stock server would also do for whoever knows the key (unpickle, create objects, hand out their
state, report tracebacks, shut down) is not there. Messages are JSON, which none of its serializers
is: XML-RPC made every lease a third slower.
"""

import multiprocessing
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import (
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
    wait,
)
from multiprocessing.managers import Server
from pathlib import Path
from typing import Any, ClassVar

from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.lease_desk import LeaseDesk, Session, refusal
from agentos.workflows.parallel.lease_line import Line
from agentos.workflows.parallel.lease_wire import FACADE, METHOD, Fields
from agentos.workflows.parallel.socket_folder import remove_socket_folder, socket_path

MAX_WAIT = 20.0
"""Seconds after which a waiting child is told to ask again."""

_STOP_WAIT = 2.0  # seconds for all threads together
_REST = 0.1  # seconds before the next try when no connection can be accepted

Reply = tuple[str, Fields | None]

_ACCEPTED: Reply = ("#RETURN", None)
_REFUSED: Reply = ("#TRACEBACK", refusal("only leases are served here"))  # an error told as text
_UNREADABLE: Reply = ("#TRACEBACK", refusal("this message cannot be read"))


class _Facade:
    """The served object: it knows nothing, the connection brings its own session."""

    __slots__ = ()

    def call(self, session: Session, data: object) -> Fields:
        return session.answer(data)

    def __repr__(self) -> str:
        return "<leases>"


class LeaseServer(Server):
    """Serves leases on a socket in `folder`, which is removed with it.

    `patience` is how many seconds a child waits for one answer at most. A connection that has not
    shown the key and a token can do nothing. Raises ConfigError for a folder with too long a path.
    """

    public: ClassVar[list[str]] = ["accept_connection"]  # type: ignore[misc]  # never assigned to
    fallback_mapping: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # the same
    listener: Listener
    address: str
    authkey: bytes

    def __init__(
        self, coordinator: CredentialCoordinator, folder: Path, *, patience: float = MAX_WAIT
    ) -> None:
        self._folder = folder
        # First, for a listener that nobody stops outlives its folder, and complains at the exit.
        self._wake, self._waker = multiprocessing.Pipe(duplex=False)
        # Of the serializer only the listener is used, a plain one: nothing is ever unpickled.
        super().__init__({}, str(socket_path(folder)), secrets.token_bytes(32), "pickle")
        self.id_to_obj = {FACADE: (_Facade(), {METHOD}, {})}
        self._desk = LeaseDesk(coordinator, patience)
        self._lock = threading.Lock()
        self._lines: dict[Session, tuple[Line, threading.Thread]] = {}
        self._stopping = False
        self._accepter = threading.Thread(target=self.accepter, name="lease-accept", daemon=True)

    def start(self) -> None:
        """Accept connections from now on."""
        self._accepter.start()

    def stop(self) -> None:
        """Void every token and lease, end every connection, remove the socket; twice is fine."""
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            threads = [self._accepter, *(thread for _, thread in self._lines.values())]
        self._waker.close()
        self._desk.revoke_all()
        self._hang_up(lambda _: True)
        deadline = time.monotonic() + _STOP_WAIT
        for thread in threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        with suppress(FileNotFoundError):  # somebody else removed the socket
            self.listener.close()
        self._wake.close()
        remove_socket_folder(self._folder)

    def issue_tokens(self, owner: str, count: int) -> list[str]:
        """Tokens for a child; each binds one connection to `owner`, once."""
        return self._desk.issue_tokens(owner, count)

    def revoke(self, owner: str) -> None:
        """Take back all that a child holds and end its connections: it is gone."""
        self._desk.revoke(owner)
        self._hang_up(lambda session: session.is_revoked)

    def accepter(self) -> None:
        """Give each connection a thread of its own, until `stop`.

        The stock one blocks in accept and spins once the listener is closed; closing or shutting
        down a socket does not wake up its reader everywhere, so this one listens to a pipe too.
        """
        listening: socket.socket = self.listener._listener._socket  # type: ignore[attr-defined]  # noqa: SLF001 - the same since 2008, and nothing public leads there
        listening.setblocking(False)
        while self._wake not in wait([listening, self._wake]):
            conn: Connection[Any, Any] | None = None
            try:
                conn = self.listener.accept()
                threading.Thread(
                    target=self.handle_request, args=(conn,), name="lease-line", daemon=True
                ).start()
            except (OSError, RuntimeError, MemoryError):
                # It went away; or no descriptor, thread or memory is left: then it tries again.
                if conn is not None:
                    conn.close()
                wait([self._wake], _REST)

    def handle_request(self, conn: "Connection[Any, Any]") -> None:
        """One connection from its first byte to its last, in its own thread."""
        session, line = Session(self._desk), Line(conn)
        with self._lock:
            if self._stopping:
                line.close()
                return
            self._lines[session] = (line, threading.current_thread())
        try:
            if self._is_authentic(conn):
                self._converse(session, line)
        finally:
            with self._lock:  # nobody may hang up on a number that is somebody else's by then
                del self._lines[session]
                line.close()

    def _is_authentic(self, connection: "Connection[Any, Any]") -> bool:
        try:
            deliver_challenge(connection, self.authkey)
            answer_challenge(connection, self.authkey)
        except Exception:  # noqa: BLE001 - whatever a stranger sends, he is not let in
            return False
        return True

    def _converse(self, session: Session, line: Line) -> None:
        """Answer until the other side ends; a bad message is refused, the next one is welcome."""
        accepted = False
        with suppress(OSError):  # it does not listen any more
            while True:
                try:
                    request = line.receive()
                except EOFError:
                    return
                except OSError:  # too long a message, or half of one: its rest cannot be told apart
                    line.send(_UNREADABLE)
                    return
                except (ValueError, RecursionError):
                    reply: Reply = _UNREADABLE
                else:
                    reply = self._reply(session, request) if accepted else _greeting(request)
                    accepted = accepted or reply is _ACCEPTED
                line.send(reply)

    def _reply(self, session: Session, request: object) -> Reply:
        match request:
            case [str(ident), str(method), [dict(call)], kwds] if not kwds:
                served, exposed, _ = self.id_to_obj.get(ident, (None, (), {}))
                if method in exposed:
                    return ("#RETURN", getattr(served, method)(session, call))
        return _REFUSED

    def _hang_up(self, on: Callable[[Session], bool]) -> None:
        with self._lock:
            for session, (line, _) in self._lines.items():
                if on(session):
                    line.hang_up()


def _greeting(request: object) -> Reply:
    """The stock client introduces itself with a name that nobody needs."""
    match request:
        case [_, "accept_connection", [_], kwds] if not kwds:
            return _ACCEPTED
    return _REFUSED
