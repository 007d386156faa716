"""A connection between a child and the lease server, and the messages on it.

A message of the Manager's protocol is ASCII JSON in a frame of `multiprocessing.connection`: its
length as a signed number of four bytes, the highest first, and so many bytes.
"""

import json
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

MAX_MESSAGE = 64 * 1024
"""Bytes of one message; more is refused unread."""

_LENGTH = struct.Struct("!i")


class Line:
    """One end, whose two sides have shown each other that they know the key.

    A whole frame is read at once. Each further call of the system would make a thread of the
    server queue up once more behind all others, for the interpreter runs one at a time.
    """

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._unread = b""

    def fileno(self) -> int:
        """Its descriptor. Raises OSError for one that is closed."""
        return self._connection.fileno()

    def send(self, message: Sequence[object]) -> None:
        """Write one message."""
        self._connection.send_bytes(json.dumps(message).encode("ascii"))

    def receive(self) -> Any:
        """Read one message.

        Raises EOFError at its end, OSError for a line that cannot be read on (half a message, or
        too long a one), ValueError or RecursionError for what is no JSON.
        """
        return json.loads(self._frame())

    def hang_up(self) -> None:
        """End the conversation from another thread: closing alone would leave its reader asleep."""
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, self.fileno())
        try:
            with suppress(OSError):  # the other side was quicker
                ours.shutdown(socket.SHUT_RDWR)
        finally:
            ours.detach()

    def close(self) -> None:
        """Give the descriptor back."""
        self._connection.close()

    def _frame(self) -> bytes:
        while (frame := self._complete()) is None:
            arrived = os.read(self.fileno(), _LENGTH.size + MAX_MESSAGE)
            if not arrived:
                raise OSError("half a message") if self._unread else EOFError
            self._unread += arrived
        return frame

    def _complete(self) -> bytes | None:
        """The next frame, if all of it was read."""
        if len(self._unread) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._unread)
        if not 0 <= length <= MAX_MESSAGE:
            raise OSError("too long a message")
        end = _LENGTH.size + length
        if len(self._unread) < end:
            return None
        frame, self._unread = self._unread[_LENGTH.size : end], self._unread[end:]
        return frame
