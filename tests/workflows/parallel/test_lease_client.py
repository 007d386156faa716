import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Listener
from pathlib import Path

import pytest

from agentos.core.calls import Answer, Leases, Usage, Wish
from agentos.core.credentials import Credential
from agentos.core.errors import (
    BudgetExhausted,
    CredentialsExhausted,
    Interrupted,
    SpendingUnrecorded,
)
from agentos.credentials.budget import Budget
from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.lease_client import LeaseClient
from agentos.workflows.parallel.lease_server import LeaseServer

P = Wish("p", "p/m", Usage())
SECRET = "sk-0123456789-geheim"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: pytest's own may be too long for a socket."""
    path = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def waiting() -> threading.Event:
    return threading.Event()


@pytest.fixture
def budget() -> Budget:
    return Budget(tokens=100)


@pytest.fixture
def server(folder: Path, waiting: threading.Event, budget: Budget) -> Iterator[LeaseServer]:
    coordinator = CredentialCoordinator(
        [Credential("main", SECRET, provider="p")],
        notify=lambda _: waiting.set(),
        budget=budget,
    )
    server = LeaseServer(coordinator, folder)
    server.start()
    yield server
    server.stop()


def client_of(server: LeaseServer, owner: str = "LLD-1", tokens: int = 3) -> LeaseClient:
    return LeaseClient(server.address, server.authkey, server.issue_tokens(owner, tokens))


def test_it_is_what_a_leasing_model_asks(server: LeaseServer) -> None:
    leases: Leases = client_of(server)
    lease = leases.acquire(P)
    assert (lease.credential, lease.secret) == ("main", SECRET)
    for _ in range(2):
        leases.settle(lease, Answer("text", "model"))
    assert leases.acquire(P).id != lease.id


def test_a_provider_without_a_credential_is_exhausted(server: LeaseServer) -> None:
    with pytest.raises(CredentialsExhausted, match="'q'") as caught:
        client_of(server).acquire(Wish("q", "q/m", Usage()))
    assert caught.value.hint == ""  # what to do is told once, at the end of the batch


def test_what_a_call_took_reaches_the_budget(server: LeaseServer) -> None:
    leases = client_of(server)
    wish = Wish("p", "p/m", Usage(50, 50))
    for usage in (Usage(), Usage(1, 0)):
        leases.settle(leases.acquire(wish), Answer("text", "p/m", usage))
    sentence = "1 of 100 tokens are spent, and the next call may take 100"
    with pytest.raises(BudgetExhausted, match=sentence) as caught:
        leases.acquire(wish)
    assert caught.value.hint == ""
    assert leases.acquire(Wish("p", "p/m", Usage(50, 49))).credential == "main"


def test_what_cannot_be_recorded_is_no_used_up_budget(server: LeaseServer, budget: Budget) -> None:
    budget.cannot_be_recorded(OSError(28, "No space left on device"))
    with pytest.raises(SpendingUnrecorded, match="recorded: No space left on device"):
        client_of(server).acquire(Wish("p", "p/m", Usage(1, 0)))


def test_closing_ends_a_wait_in_another_thread(
    server: LeaseServer, waiting: threading.Event
) -> None:
    client_of(server, "LLD-1").acquire(P)
    second = client_of(server, "LLD-2")
    with ThreadPoolExecutor(1) as executor:
        wait = executor.submit(second.acquire, P)
        assert waiting.wait(30)
        second.close()
        with pytest.raises(Interrupted, match="about to stop"):
            wait.result(timeout=30)


def test_closing_ends_a_wait_for_a_supervisor_that_hangs(folder: Path) -> None:
    with Listener(str(folder / "s")) as silent, ThreadPoolExecutor(2) as executor:
        accepted = executor.submit(silent.accept)
        client = LeaseClient(str(folder / "s"), b"key", ["a", "b"])
        wait = executor.submit(client.acquire, P)
        with accepted.result(timeout=30) as line:
            line.send_bytes(b"#CHALLENGE#" + b"x" * 20)
            line.recv_bytes()  # it has answered, and now waits to be welcomed
            client.close()
            with pytest.raises(Interrupted):
                wait.result(timeout=30)


def test_a_closed_client_does_nothing_any_more(server: LeaseServer) -> None:
    client = client_of(server)
    lease = client.acquire(P)
    client.close()
    client.close()
    client.settle(lease, Answer("text", "model"))
    with pytest.raises(Interrupted, match="about to stop"):
        client.acquire(P)


def test_without_a_supervisor_a_wait_is_interrupted_and_settling_is_silent(
    server: LeaseServer,
) -> None:
    client = client_of(server)
    lease = client.acquire(P)
    server.stop()
    client.settle(lease, Answer("text", "model"))
    with pytest.raises(Interrupted, match="supervisor"):
        client.acquire(P)


def test_a_wrong_key_is_interrupted(server: LeaseServer) -> None:
    client = LeaseClient(server.address, b"wrong", server.issue_tokens("LLD-1", 2))
    with pytest.raises(Interrupted):
        client.acquire(P)


def test_no_repr_shows_a_secret(server: LeaseServer) -> None:
    client = client_of(server)
    lease = client.acquire(P)
    assert SECRET not in repr(client) + repr(lease)


def test_a_child_does_not_load_the_managers() -> None:
    code = (
        "import sys, agentos.workflows.parallel.lease_client as client;"
        "sys.exit('multiprocessing.managers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
