"""Sockets, threads and the reading of HTTP requests."""

import functools
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from agentos.testing.client import Client

HOST = "127.0.0.1"
_PATIENCE = 5.0  # seconds for answers in progress to notice that the server closes


@dataclass(frozen=True, slots=True)
class Post:
    """One POST, read whole; header names are in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Listener:
    """Accepts connections on the loopback interface and hands each POST to `answer`.

    Every connection has a thread of its own; none keeps the interpreter alive.
    """

    def __init__(self, answer: Callable[[Post, Client], None], port: int) -> None:
        self._answer = answer
        self._changed = threading.Condition()
        self._connections: set[socket.socket] = set()
        self.accepted = 0
        self.is_closing = False
        self._server = _Server((HOST, port), functools.partial(_Handler, self))
        self._acceptor = threading.Thread(
            target=self._accept, name="loopback-acceptor", daemon=True
        )
        self._acceptor.start()

    @property
    def port(self) -> int:
        """The port that was given, or found where that was 0."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """End the accepting and every connection, at once. A second time does nothing.

        Nothing is answered afterwards, unless an answer in progress hangs for seconds.
        """
        with self._changed:
            if self.is_closing:
                return
            self.is_closing = True
            for connection in self._connections:
                _hang_up(connection)
        with suppress(OSError):
            socket.create_connection((HOST, self.port), timeout=1).close()  # wakes the acceptor
        self._acceptor.join()
        self._server.server_close()
        with self._changed:
            self._changed.wait_for(lambda: not self._connections, _PATIENCE)

    def _accept(self) -> None:
        while not self.is_closing:
            self._server.handle_request()

    def enter(self, connection: socket.socket) -> None:
        """Count a connection among those that are to end with the server."""
        with self._changed:
            self._connections.add(connection)
            self.accepted += 1
            if self.is_closing:
                _hang_up(connection)

    def leave(self, connection: socket.socket) -> None:
        """The connection is over."""
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()

    def answer(self, post: Post, client: Client) -> None:
        """Answer one request."""
        self._answer(post, client)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # each chunk goes out by itself

    def __init__(self, listener: Listener, *rest: Any) -> None:
        self._listener = listener
        super().__init__(*rest)

    def setup(self) -> None:
        super().setup()
        self._listener.enter(self.connection)

    def handle(self) -> None:
        with suppress(OSError):  # the client left in the middle of a request
            super().handle()

    def finish(self) -> None:
        self._listener.leave(self.connection)
        super().finish()

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = int(headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length or self._listener.is_closing:
            self.close_connection = True
            return
        url = urlsplit(self.path)
        client = Client(self.connection)
        self._listener.answer(Post(url.path, dict(parse_qsl(url.query)), headers, body), client)
        self.close_connection = self.close_connection or not client.is_finished

    def log_message(self, *args: object) -> None:
        """Keep quiet: what happened is in the ledger."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)
