import os
import socket
import struct
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

import pytest

from agentos.workflows.parallel.lease_line import MAX_MESSAGE, Line

Ends: TypeAlias = tuple["Connection[Any, Any]", Line]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A connection as the library has it, and the line at its other end."""
    theirs, ours = Pipe()
    with theirs, ours:
        yield theirs, Line(ours)


def framed(data: bytes) -> bytes:
    return struct.pack("!i", len(data)) + data


def test_its_frames_are_those_of_the_library(ends: Ends) -> None:
    theirs, line = ends
    theirs.send_bytes(b'[1, "a"]')
    assert line.receive() == [1, "a"]
    line.send((2, {"b": "\N{SNOWMAN}"}))
    assert theirs.recv_bytes() == b'[2, {"b": "\\u2603"}]'


def test_a_message_may_arrive_in_pieces_and_with_others() -> None:
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # read as it was sent
    with theirs, Connection(ours.detach()) as connection:
        line = Line(connection)
        for byte in framed(b"[1]")[:-1]:
            theirs.send(bytes([byte]))
        theirs.send(b"]" + framed(b"[2]") + framed(b"[3]")[:5])
        theirs.send(framed(b"[3]")[5:])
        assert [line.receive(), line.receive(), line.receive()] == [[1], [2], [3]]


@pytest.mark.parametrize("length", [MAX_MESSAGE + 1, 2**31 - 1, -1, -(2**31)])
def test_too_long_a_message_is_not_waited_for(ends: Ends, length: int) -> None:
    theirs, line = ends
    os.write(theirs.fileno(), struct.pack("!i", length))
    with pytest.raises(OSError, match="too long"):
        line.receive()


def test_the_longest_message_is_read(ends: Ends) -> None:
    theirs, line = ends
    theirs.send_bytes(b'"' + b"x" * (MAX_MESSAGE - 2) + b'"')
    assert line.receive() == "x" * (MAX_MESSAGE - 2)


def test_an_end_is_told_from_half_a_message(ends: Ends) -> None:
    theirs, line = ends
    theirs.close()
    with pytest.raises(EOFError):
        line.receive()


def test_half_a_message_is_an_error(ends: Ends) -> None:
    theirs, line = ends
    os.write(theirs.fileno(), framed(b"[1]")[:-1])
    theirs.close()
    with pytest.raises(OSError, match="half"):
        line.receive()
