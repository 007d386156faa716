import json
import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import pytest

from agentos.core.calls import Answer, Lease, Usage, Wish
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.credentials.answers import Waiting
from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.lease_line import MAX_MESSAGE
from agentos.workflows.parallel.lease_server import LeaseServer
from agentos.workflows.parallel.lease_values import result_fields
from agentos.workflows.parallel.lease_wire import Acquire, call_fields

SCRIPT = Path(__file__).with_name("lease_child.py")
SECRET = "sk-0123456789-geheim"
ACQUIRE = call_fields(Acquire("1", Wish("p", "p/m", Usage())))
ANSWERED = result_fields(Answer("text", "model"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: pytest's own may be too long for a socket."""
    path = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Room:
    """A server, its coordinator, and what was said."""

    def __init__(
        self,
        folder: Path,
        *credentials: Credential,
        patience: float = 20.0,
        lease_term: float = math.inf,
    ) -> None:
        self.said: list[str] = []
        self.waiting = threading.Event()
        self.coordinator = CredentialCoordinator(
            credentials, notify=self._hear, lease_term=lease_term
        )
        self.server = LeaseServer(self.coordinator, folder, patience=patience)

    def _hear(self, text: str) -> None:
        self.said.append(text)
        if "exhausted" in text:
            self.waiting.set()

    def free(self) -> bool:
        ticket = self.coordinator.request("probe", Wish("p", "p/m", Usage()))
        try:
            return isinstance(self.coordinator.wait("probe", ticket, 0), Lease)
        finally:
            self.coordinator.take_back("probe")


@contextmanager
def open_room(
    folder: Path,
    *credentials: Credential,
    patience: float = 20.0,
    lease_term: float = math.inf,
) -> Iterator[Room]:
    credentials = credentials or (Credential("main", SECRET),)
    room = Room(folder, *credentials, patience=patience, lease_term=lease_term)
    room.server.start()
    try:
        yield room
    finally:
        room.server.stop()


@pytest.fixture
def room(folder: Path) -> Iterator[Room]:
    with open_room(folder) as room:
        yield room


class Child:
    """A real process with a LeaseClient in it."""

    def __init__(
        self, server: LeaseServer, owner: str, tokens: int = 3, renewal: float = 15.0
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._write(
            json.dumps(
                {
                    "address": server.address,
                    "authkey": server.authkey.hex(),
                    "tokens": server.issue_tokens(owner, tokens),
                    "renewal": renewal,
                }
            )
        )

    def _write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def order(self, command: str) -> None:
        self._write(command)

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline())
        assert isinstance(answer, dict)
        return answer

    def ask(self, command: str) -> dict[str, Any]:
        self.order(command)
        return self.hear()

    def end(self) -> None:
        self.process.communicate()


@pytest.fixture
def child_of() -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start(*args: Any, **kwargs: Any) -> Child:
        children.append(Child(*args, **kwargs))
        return children[-1]

    yield start
    for child in children:
        child.end()


class Raw:
    """The Manager's protocol by hand, as a child that means harm would speak it."""

    def __init__(self, server: LeaseServer) -> None:
        self.line: Connection[Any, Any] = Client(server.address, authkey=bytes(server.authkey))
        self.heard: list[str] = []

    def send(self, *message: Any) -> None:
        self.line.send_bytes(json.dumps(message).encode())

    def hear(self) -> tuple[str, Any]:
        data = self.line.recv_bytes().decode()
        self.heard.append(data)
        kind, result = json.loads(data)
        return str(kind), result

    def ask(self, *message: Any) -> tuple[str, Any]:
        self.send(*message)
        return self.hear()

    def greet(self) -> "Raw":
        assert self.ask(None, "accept_connection", ["me"], {}) == ("#RETURN", None)
        return self

    def call(self, **fields: Any) -> dict[str, Any]:
        kind, answer = self.ask("leases", "call", [fields], {})
        assert kind == "#RETURN"
        assert isinstance(answer, dict)
        return answer

    def bind(self, token: str) -> "Raw":
        assert self.greet().call(call="bind", token=token) == {"status": "bound"}
        return self

    def is_cut(self) -> bool:
        with pytest.raises((EOFError, OSError)):
            self.line.recv_bytes()
        return True


@pytest.fixture
def raw_to() -> Iterator[Callable[[LeaseServer], Raw]]:
    lines: list[Raw] = []

    def connect(server: LeaseServer) -> Raw:
        lines.append(Raw(server))
        return lines[-1]

    yield connect
    for raw in lines:
        raw.line.close()


def open_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


RawTo = Callable[[LeaseServer], Raw]
ChildOf = Callable[..., Child]


class TestChildren:
    def test_a_lease_is_granted_settled_and_granted_again(
        self, room: Room, child_of: ChildOf
    ) -> None:
        child = child_of(room.server, "LLD-1")
        first = child.ask("acquire p")
        assert first["credential"] == "main"
        assert first["secret"] == SECRET
        assert first["simulate"] is False
        assert not room.free()
        assert child.ask("settle answer") == {"settled": True}
        assert room.free()
        assert child.ask("acquire p")["id"] != first["id"]

    def test_a_refusal_has_its_consequence(self, room: Room, child_of: ChildOf) -> None:
        child = child_of(room.server, "LLD-1")
        child.ask("acquire p")
        child.ask("settle rate_limited 30")
        assert room.said == [
            "[COORDINATOR] Rate limit hit on main: rate-limited, backing off for 30s..."
        ]

    def test_a_closed_pool_is_told_apart_from_a_lost_supervisor(
        self, room: Room, child_of: ChildOf
    ) -> None:
        child = child_of(room.server, "LLD-1")
        child.ask("acquire p")
        child.ask("settle credential")
        answer = child.ask("acquire p")
        assert answer["error"] == "CredentialsExhausted"
        assert "main: text" in answer["sentence"]

    def test_two_children_share_one_slot(self, room: Room, child_of: ChildOf) -> None:
        first, second = child_of(room.server, "LLD-1"), child_of(room.server, "LLD-2")
        first.ask("acquire p")
        second.order("acquire p")
        assert room.waiting.wait(30)
        first.ask("settle answer")
        assert second.hear()["secret"] == SECRET

    def test_a_wait_longer_than_one_answer_keeps_its_place(
        self, folder: Path, child_of: ChildOf
    ) -> None:
        with open_room(folder, patience=0.01) as room:
            first, second = child_of(room.server, "LLD-1"), child_of(room.server, "LLD-2")
            first.ask("acquire p")
            second.order("acquire p")
            assert room.waiting.wait(30)
            third = room.coordinator.request("LLD-3", Wish("p", "p/m", Usage()))
            assert isinstance(room.coordinator.wait("LLD-3", third, 0.1), Waiting)
            first.ask("settle answer")
            assert second.hear()["secret"] == SECRET
            assert isinstance(room.coordinator.wait("LLD-3", third, 0), Waiting)

    def test_what_a_killed_child_held_is_taken_back(self, room: Room, child_of: ChildOf) -> None:
        victim, heir = child_of(room.server, "LLD-1"), child_of(room.server, "LLD-2")
        victim.ask("acquire p")
        heir.order("acquire p")
        assert room.waiting.wait(30)
        victim.process.send_signal(signal.SIGKILL)
        victim.process.wait()
        room.server.revoke("LLD-1")
        assert heir.hear()["secret"] == SECRET

    def test_what_a_suspended_child_holds_is_lent_to_others_until_it_is_heard_of_again(
        self, folder: Path, child_of: ChildOf
    ) -> None:
        with open_room(folder, patience=0.1, lease_term=1.0) as room:
            suspended = child_of(room.server, "LLD-1", renewal=0.1)
            heir = child_of(room.server, "LLD-2", renewal=0.1)
            suspended.ask("acquire p")
            suspended.process.send_signal(signal.SIGSTOP)
            assert heir.ask("acquire p")["secret"] == SECRET
            [sentence] = [text for text in room.said if "LLD-1" in text]
            assert "main, which it holds, is lent to others" in sentence
            suspended.process.send_signal(signal.SIGCONT)
            assert suspended.ask("settle rate_limited 3600") == {"settled": True}
            heir.ask("settle answer")
            assert suspended.ask("acquire p")["secret"] == SECRET

    def test_a_lease_is_kept_for_as_long_as_its_call_runs(
        self, folder: Path, child_of: ChildOf
    ) -> None:
        with open_room(folder, patience=0.1, lease_term=0.6) as room:
            busy = child_of(room.server, "LLD-1", renewal=0.05)
            busy.ask("acquire p")
            ticket = room.coordinator.request("LLD-2", Wish("p", "p/m", Usage()))
            for _ in range(40):  # as the server does for a child that waits
                answer = room.coordinator.wait("LLD-2", ticket, 0.05)
                assert isinstance(answer, Waiting)
            assert not [text for text in room.said if "LLD-1" in text]
            busy.ask("settle answer")
            assert isinstance(room.coordinator.wait("LLD-2", ticket, 30), Lease)

    def test_a_child_whose_connection_broke_binds_a_new_one(
        self, room: Room, child_of: ChildOf
    ) -> None:
        child = child_of(room.server, "LLD-1")
        child.ask("acquire p")
        child.ask("break")
        assert child.ask("settle answer") == {"settled": True}
        assert room.free()

    @pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
    def test_a_child_for_whose_connection_there_is_no_room_is_served_once_there_is(
        self,
        room: Room,
        child_of: ChildOf,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
    ) -> None:
        start = threading.Thread.start
        refused: list[threading.Thread] = []

        def start_the_third(thread: threading.Thread) -> None:
            if thread.name == "lease-line" and len(refused) < 2:
                refused.append(thread)
                raise error
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_the_third)
        child = child_of(room.server, "LLD-1", tokens=1)
        assert child.ask("acquire p")["secret"] == SECRET
        assert len(refused) == 2

    def test_a_child_without_a_token_left_is_told(self, room: Room, child_of: ChildOf) -> None:
        child = child_of(room.server, "LLD-1", tokens=1)
        child.ask("acquire p")
        child.ask("break")
        assert child.ask("acquire p")["error"] == "Interrupted"

    def test_a_revoked_child_is_interrupted(self, room: Room, child_of: ChildOf) -> None:
        child, other = child_of(room.server, "LLD-1"), child_of(room.server, "LLD-2")
        other.ask("acquire p")
        child.order("acquire p")
        assert room.waiting.wait(30)
        room.server.revoke("LLD-1")
        assert child.hear()["error"] == "Interrupted"
        assert other.ask("settle answer") == {"settled": True}

    def test_a_waiting_child_hears_that_the_server_stops(
        self, room: Room, child_of: ChildOf
    ) -> None:
        first, second = child_of(room.server, "LLD-1"), child_of(room.server, "LLD-2")
        first.ask("acquire p")
        second.order("acquire p")
        assert room.waiting.wait(30)
        room.server.stop()
        answer = second.hear()
        assert answer["error"] == "Interrupted"
        assert "supervisor" in answer["sentence"]
        assert first.ask("settle answer") == {"settled": True}

    @pytest.mark.parametrize(
        "secret", ["ключ-🔑", "\x00\x07\r\n\t\x1b[31m<&>]]>", str(2**31), "\ud800", "a" * 5000]
    )
    def test_any_text_crosses_unharmed(self, folder: Path, child_of: ChildOf, secret: str) -> None:
        with open_room(folder, Credential("näme\n", secret)) as room:
            answer = child_of(room.server, "LLD-1").ask("acquire p")
        assert answer["secret"] == secret
        assert answer["credential"] == "näme\n"


class TestStrangers:
    def test_a_wrong_key_is_not_let_in(self, room: Room, child_of: ChildOf) -> None:
        with pytest.raises(AuthenticationError):
            Client(room.server.address, authkey=b"wrong")
        assert child_of(room.server, "LLD-1").ask("acquire p")["secret"] == SECRET

    def test_who_says_nothing_blocks_nobody(self, room: Room, child_of: ChildOf) -> None:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(room.server.address)
            assert child_of(room.server, "LLD-1").ask("acquire p")["secret"] == SECRET

    @pytest.mark.parametrize(
        "function",
        [
            "shutdown", "create", "debug_info", "get_methods", "number_of_objects", "dummy",
            "incref", "decref", "serve_client", "handle_request", "stop", "__class__",
        ],
    )  # fmt: skip
    def test_the_managers_other_functions_are_refused(
        self, room: Room, raw_to: RawTo, function: str
    ) -> None:
        raw = raw_to(room.server)
        for args in ([], ["leases"], ["x", "y"]):
            kind, result = raw.ask(None, function, args, {})
            assert kind == "#TRACEBACK"
            assert result["status"] == "refused"
        raw.greet()
        kind, _ = raw.ask(None, function, [], {})
        assert kind == "#TRACEBACK"

    @pytest.mark.parametrize(
        "method",
        ["#GETVALUE", "__str__", "__repr__", "__class__", "__init__", "__reduce_ex__", "answer"],
    )
    def test_the_facade_has_one_method(self, room: Room, raw_to: RawTo, method: str) -> None:
        raw = raw_to(room.server).bind(room.server.issue_tokens("LLD-1", 1)[0])
        assert raw.call(**ACQUIRE)["status"] == "granted"
        granted = raw.heard.pop()
        assert SECRET in granted
        messages: list[tuple[str, list[object]]] = [
            ("leases", []), ("leases", [{}]), ("0", [{}]), ("nothing", []),
        ]  # fmt: skip
        for ident, args in messages:
            kind, result = raw.ask(ident, method, args, {})
            assert kind == "#TRACEBACK"
            assert result["status"] == "refused"
        assert SECRET not in "".join(raw.heard)

    @pytest.mark.parametrize(
        "message",
        [
            (), (1,), ("leases",), ("leases", "call", [], {}), ("leases", "call", [{}, {}], {}),
            ("leases", "call", [1], {}), ("leases", "call", ["{}"], {}),
            ("leases", "call", [{}], {"session": "x"}), (["leases"], "call", [{}], {}),
            ("leases", "call", {}, {}), ("leases", {}, [{}], {}), (None, None, None, {}),
        ],
    )  # fmt: skip
    def test_misshapen_messages_are_refused(
        self, room: Room, raw_to: RawTo, message: tuple[Any, ...]
    ) -> None:
        raw = raw_to(room.server)
        assert raw.ask(*message)[0] == "#TRACEBACK"
        raw.bind(room.server.issue_tokens("LLD-1", 1)[0])
        assert raw.ask(*message)[0] == "#TRACEBACK"
        assert raw.call(**ACQUIRE)["status"] == "granted"

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"garbage", b"\xff\xfe\x00", b'["leases"', b"\x80\x04\x95pickle.", b"9" * 5000,
            b"[" * 60_000, b'{"a":' * 10_000,
        ],
    )  # fmt: skip
    def test_what_is_no_message_is_refused_and_the_next_is_welcome(
        self, room: Room, raw_to: RawTo, data: bytes
    ) -> None:
        raw = raw_to(room.server)
        raw.line.send_bytes(data)
        kind, result = raw.hear()
        assert kind == "#TRACEBACK"
        assert "cannot be read" in result["reason"]
        raw.bind(room.server.issue_tokens("LLD-1", 1)[0])

    @pytest.mark.parametrize("call", [{}, {"call": "revoke"}, {"call": "bind", "token": None}])
    def test_what_is_no_call_is_refused_and_the_next_is_welcome(
        self, room: Room, raw_to: RawTo, call: dict[str, Any]
    ) -> None:
        raw = raw_to(room.server).bind(room.server.issue_tokens("LLD-1", 1)[0])
        assert raw.call(**call)["status"] == "refused"
        assert raw.call(**ACQUIRE)["status"] == "granted"

    def test_too_long_a_message_is_refused_and_ends_the_connection(
        self, room: Room, raw_to: RawTo, child_of: ChildOf
    ) -> None:
        raw = raw_to(room.server).greet()
        os.write(raw.line.fileno(), struct.pack("!i", MAX_MESSAGE + 1))
        assert raw.hear()[0] == "#TRACEBACK"
        assert raw.is_cut()
        assert child_of(room.server, "LLD-1").ask("acquire p")["secret"] == SECRET

    def test_an_end_in_the_middle_of_a_message_harms_nobody(
        self, room: Room, raw_to: RawTo, child_of: ChildOf
    ) -> None:
        raw = raw_to(room.server).greet()
        os.write(raw.line.fileno(), struct.pack("!i", 100) + b"half")
        raw.line.close()
        assert child_of(room.server, "LLD-1").ask("acquire p")["secret"] == SECRET


class TestTokens:
    def test_an_unbound_connection_can_do_nothing(self, room: Room, raw_to: RawTo) -> None:
        raw = raw_to(room.server).greet()
        for call in (
            ACQUIRE,
            {"call": "renew"},
            {"call": "settle", "lease": "1", "result": ANSWERED},
        ):
            assert raw.call(**call)["reason"] == "this connection is not bound"
        assert room.free()

    def test_a_token_serves_once(self, room: Room, raw_to: RawTo) -> None:
        (token,) = room.server.issue_tokens("LLD-1", 1)
        raw_to(room.server).bind(token)
        second = raw_to(room.server).greet()
        assert second.call(call="bind", token=token)["status"] == "refused"
        assert second.call(call="bind", token="invented")["status"] == "refused"
        assert second.call(**ACQUIRE)["status"] == "refused"

    def test_a_connection_is_bound_once(self, room: Room, raw_to: RawTo) -> None:
        first, second = room.server.issue_tokens("LLD-1", 2)
        raw = raw_to(room.server).bind(first)
        assert raw.call(call="bind", token=second)["reason"] == "this connection is bound already"

    def test_a_revoked_owners_tokens_and_connections_are_void(
        self, room: Room, raw_to: RawTo
    ) -> None:
        used, unused = room.server.issue_tokens("LLD-1", 2)
        raw = raw_to(room.server).bind(used)
        room.server.revoke("LLD-1")
        room.server.revoke("LLD-1")
        assert raw.is_cut()
        late = raw_to(room.server).greet()
        assert late.call(call="bind", token=unused)["status"] == "refused"
        late.call(call="bind", token=room.server.issue_tokens("LLD-1", 1)[0])
        assert late.call(**ACQUIRE)["status"] == "granted"

    def test_a_lease_of_somebody_else_cannot_be_settled(self, room: Room, raw_to: RawTo) -> None:
        owner = raw_to(room.server).bind(room.server.issue_tokens("LLD-1", 1)[0])
        lease = owner.call(**ACQUIRE)["lease"]
        thief = raw_to(room.server).bind(room.server.issue_tokens("LLD-2", 1)[0])
        refusal = ANSWERED | {"kind": "credential", "message": "mine", "code": ""}
        thief.call(call="settle", lease=lease["id"], result=refusal)
        assert room.said == []
        assert not room.free()

    def test_a_ticket_is_asked_for_again_over_a_new_connection(
        self, room: Room, raw_to: RawTo
    ) -> None:
        first, second = room.server.issue_tokens("LLD-1", 2)
        raw = raw_to(room.server).bind(first)
        raw.send("leases", "call", [ACQUIRE], {})
        heard = raw.hear()[1]  # and lost on the way
        raw.line.close()
        again = raw_to(room.server).bind(second).call(**ACQUIRE)
        assert again == heard


class TestLife:
    def test_nothing_is_left_after_stop(self, folder: Path, raw_to: RawTo) -> None:
        before = set(threading.enumerate())
        descriptors = open_descriptors()
        with open_room(folder) as room:
            assert Path(room.server.address).parent == folder
            raw = raw_to(room.server).greet()
            with socket.socket(socket.AF_UNIX) as silent:
                silent.connect(room.server.address)
                room.server.stop()
            assert raw.is_cut()
            raw.line.close()
        room.server.stop()
        assert not folder.exists()
        assert set(threading.enumerate()) == before
        assert open_descriptors() == descriptors

    def test_the_console_is_left_alone(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        out, err = object(), object()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        with open_room(folder):
            pass
        assert sys.stdout is out
        assert sys.stderr is err

    def test_stopping_what_never_started(self, folder: Path) -> None:
        Room(folder, Credential("main", SECRET)).server.stop()
        assert not folder.exists()

    def test_stopping_after_the_socket_was_swept_away(self, folder: Path) -> None:
        with open_room(folder):
            shutil.rmtree(folder)

    def test_too_long_a_folder_is_named(self, folder: Path) -> None:
        with pytest.raises(ConfigError, match="too long"):
            Room(folder / ("x" * 100))

    def test_without_a_descriptor_left_it_rests_and_goes_on(
        self, room: Room, raw_to: RawTo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries = []
        accept = room.server.listener.accept

        def fail_twice() -> Any:
            tries.append(1)
            if len(tries) <= 2:
                raise OSError(24, "Too many open files")
            return accept()

        monkeypatch.setattr(room.server.listener, "accept", fail_twice)
        raw_to(room.server).greet()
        assert len(tries) == 3

    def test_a_connection_that_comes_while_it_stops_is_closed(self, folder: Path) -> None:
        room = Room(folder, Credential("main", SECRET))
        room.server.stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        with ours:
            room.server.handle_request(Connection(theirs.detach()))
            assert ours.recv(1) == b""

    def test_no_repr_shows_a_secret(self, room: Room) -> None:
        facade, *_ = room.server.id_to_obj["leases"]
        assert repr(facade) == "<leases>"
        assert not hasattr(facade, "__dict__")
        assert SECRET not in repr(room.server)
