"""The server's life, and many clients at once."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from agentos.core.calls import Usage
from agentos.testing import Asked, End, LoopbackServer, Say, Stall, Wire


def test_close_twice_and_the_port_is_free_again() -> None:
    server = LoopbackServer([])
    port = server.port
    server.close()
    server.close()
    with LoopbackServer([], port=port) as again:
        assert again.port == port


def test_taken_port() -> None:
    with LoopbackServer([]) as server, pytest.raises(OSError, match="in use"):
        LoopbackServer([], port=server.port)


def test_close_ends_connections_that_wait_for_a_request() -> None:
    with LoopbackServer([]) as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        server.close()
        idle.settimeout(20)
        assert idle.recv(1) == b""
        idle.close()


def test_every_connection_is_counted_whatever_is_asked(ask: Any) -> None:
    with LoopbackServer([Say("one")]) as server:
        assert server.connections == 0
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n")
            while client.recv(4096):
                pass
        assert server.connections == 1
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.shutdown(socket.SHUT_WR)  # not a word
            while client.recv(4096):
                pass
        assert server.connections == 2
        assert server.exchanges == ()
        ask(server, Wire.ANTHROPIC)
        assert server.connections == 3
        assert len(server.exchanges) == 1


def test_client_that_leaves_in_the_middle_of_its_request() -> None:
    with LoopbackServer([Say("for the next")]) as server:
        head = b"POST /v1/messages HTTP/1.1\r\nContent-Length: 100\r\n\r\n"
        for half in (b"POST /v1/mess", head, head + b'{"model'):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(half)
                client.shutdown(socket.SHUT_WR)
                while client.recv(4096):  # the server ends it, after a word or without
                    pass
        assert server.exchanges == ()


def test_calls_at_once_are_numbered_and_counted_once(ask: Any) -> None:
    together = threading.Barrier(8, timeout=30)
    order: list[int] = []

    def script(asked: Asked) -> Say:
        order.append(asked.number)
        return Say("x" * 40, input_tokens=asked.number, output_tokens=10, delay=0.01)

    def client(wire: Wire) -> None:
        together.wait()
        ask(server, wire)

    with LoopbackServer(script) as server:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client, [Wire.OPENAI, Wire.ANTHROPIC] * 4))
        assert server.wait_idle()
        numbers = [exchange.asked.number for exchange in server.exchanges]
        assert numbers == order == list(range(1, 9))
        assert {exchange.end for exchange in server.exchanges} == {End.ANSWERED}
        assert server.billed == Usage(36, 80)


def test_wait_tells_whether_it_came_about(ask: Any) -> None:
    with LoopbackServer([Stall()]) as server:
        assert server.wait_idle(timeout=0)

        def client() -> None:
            with pytest.raises(openai.APIConnectionError):
                ask(server, Wire.OPENAI)

        thread = threading.Thread(target=client)
        thread.start()
        assert server.wait_until(lambda exchanges: any(e.billed.input_tokens for e in exchanges))
        assert not server.wait_idle(timeout=0.01)
        assert server.exchanges[0].end is End.IN_PROGRESS
        server.close()
        thread.join(30)
        assert server.wait_idle(timeout=0)
