"""The other end of a connection, while it waits for one response."""

import selectors
import socket
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus


class Departed(Exception):  # noqa: N818 - a state, not a fault
    """The client is gone, or the server is closing."""


class Client:
    """Writes an HTTP/1.1 response as slowly, and as badly, as it is told to."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.is_finished = False  # another request may follow

    def wait(self, seconds: float | None) -> None:
        """Let time pass; None: without end. Raises Departed as soon as the client leaves."""
        # A client that waits for a response sends nothing: what there is to read is its leaving.
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            if selector.select(seconds):
                raise Departed

    def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole response."""
        self._send(_head(status, {**headers, "Content-Length": str(len(body))}) + body)
        self.is_finished = True

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of a response whose body comes in chunks."""
        self._send(_head(status, {**headers, "Transfer-Encoding": "chunked"}))

    def begin_in_part(self, status: int, headers: Mapping[str, str]) -> None:
        """Send a head that breaks off in the middle of a line."""
        head = _head(status, headers)
        self._send(head[: len(head) // 2])

    def send(self, data: bytes) -> None:
        """Send one chunk."""
        if data:  # an empty chunk would end the body
            self._send(_chunk(data))

    def send_in_part(self, data: bytes) -> None:
        """Send a chunk that breaks off in the middle."""
        self._send(_chunk(data)[: len(data) // 2])

    def finish(self, data: bytes = b"") -> None:
        """Send the last chunk and the end of the body."""
        self._send((_chunk(data) if data else b"") + b"0\r\n\r\n")
        self.is_finished = True

    def _send(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError:
            raise Departed from None


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    known = {member.value: member.phrase for member in HTTPStatus}
    lines = [f"HTTP/1.1 {status} {known.get(status, '')}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
