import threading
from typing import Any

from agentos.core.calls import Lease, Refusal, RefusalKind, Usage, Wish
from agentos.core.credentials import Credential
from agentos.credentials.answers import Refused, Waiting
from agentos.credentials.budget import Budget
from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.lease_desk import LeaseDesk, Session
from agentos.workflows.parallel.lease_wire import (
    Acquire,
    Bind,
    Fields,
    Renew,
    Settle,
    call_fields,
)

ACQUIRE = call_fields(Acquire("1", Wish("p", "p/m", Usage())))


class Coordinator(CredentialCoordinator):
    """One whose owners can die at the worst instant: while an answer is on its way to them."""

    desk: LeaseDesk

    def __init__(self, *, dies: bool = False, tokens: int | None = None) -> None:
        super().__init__(
            [Credential("main", "s3cret")], notify=lambda _: None, budget=Budget(tokens=tokens)
        )
        self.dies = dies

    def wait(self, owner: str, ticket: str, timeout: float) -> Lease | Waiting | Refused:
        answer = super().wait(owner, ticket, timeout)
        if self.dies:
            self.desk.revoke(owner)
        return answer


def bound(desk: LeaseDesk, owner: str) -> Session:
    session = Session(desk)
    (token,) = desk.issue_tokens(owner, 1)
    assert session.answer(call_fields(Bind(token))) == {"status": "bound"}
    return session


def test_a_revoked_child_cannot_queue_up_again() -> None:
    coordinator = Coordinator()
    desk = LeaseDesk(coordinator, 0.0)
    session = bound(desk, "LLD-1")
    desk.revoke("LLD-1")
    assert session.is_revoked
    assert session.answer(ACQUIRE)["status"] == "refused"
    assert bound(desk, "LLD-2").answer(ACQUIRE)["status"] == "granted"


def test_a_sign_of_life_counts_while_the_child_is_there() -> None:
    desk = LeaseDesk(Coordinator(), 0.0)
    session = bound(desk, "LLD-1")
    assert session.answer(call_fields(Renew())) == {"status": "renewed"}
    desk.revoke("LLD-1")
    assert session.answer(call_fields(Renew()))["status"] == "refused"


def test_a_lease_granted_to_a_child_that_died_meanwhile_is_not_told() -> None:
    coordinator = Coordinator(dies=True)
    desk = coordinator.desk = LeaseDesk(coordinator, 0.0)
    assert bound(desk, "LLD-1").answer(ACQUIRE)["status"] == "refused"
    coordinator.dies = False
    assert bound(desk, "LLD-2").answer(ACQUIRE)["status"] == "granted"


def test_a_session_that_outlived_its_child_does_not_act_for_the_next_of_that_name() -> None:
    desk = LeaseDesk(Coordinator(), 0.0)
    old = bound(desk, "LLD-1")
    desk.revoke("LLD-1")
    new = bound(desk, "LLD-1")
    assert old.answer(ACQUIRE)["status"] == "refused"
    assert new.answer(ACQUIRE)["status"] == "granted"


def test_two_connections_of_a_child_share_its_tickets_and_not_those_of_others() -> None:
    desk = LeaseDesk(Coordinator(), 0.0)
    first, second, other = bound(desk, "LLD-1"), bound(desk, "LLD-1"), bound(desk, "LLD-2")
    lease = first.answer(ACQUIRE)
    assert second.answer(ACQUIRE) == lease
    assert other.answer(ACQUIRE) == {"status": "waiting"}


def test_no_room_in_the_budget_is_told_apart_from_no_credential() -> None:
    session = bound(LeaseDesk(Coordinator(tokens=5), 0.0), "LLD-1")
    assert session.answer(call_fields(Acquire("1", Wish("p", "p/m", Usage(6, 0))))) == {
        "status": "overspent",
        "reason": "0 of 5 tokens are spent, and the next call may take 6",
    }
    granted: Any = session.answer(call_fields(Acquire("2", Wish("p", "p/m", Usage()))))
    lease = granted["lease"]["id"]
    refusal = Refusal(RefusalKind.CREDENTIAL, "invalid key", usage=Usage())
    assert session.answer(call_fields(Settle(lease, refusal))) == {"status": "settled"}
    answer = session.answer(call_fields(Acquire("3", Wish("p", "p/m", Usage()))))
    assert answer["status"] == "exhausted"
    assert "invalid key" in str(answer["reason"])


def test_what_cannot_be_recorded_is_told_apart_from_a_budget_that_is_used_up() -> None:
    coordinator = Coordinator(tokens=5)
    coordinator._budget.cannot_be_recorded(OSError(28, "No space left on device"))
    session = bound(LeaseDesk(coordinator, 0.0), "LLD-1")
    assert session.answer(call_fields(Acquire("1", Wish("p", "p/m", Usage(1, 0))))) == {
        "status": "unrecorded",
        "reason": "what calls cost cannot be recorded: No space left on device",
    }


def test_a_lease_that_was_told_to_a_child_that_died_is_paid_for() -> None:
    coordinator = Coordinator(dies=True, tokens=5)
    desk = coordinator.desk = LeaseDesk(coordinator, 0.0)
    dear = call_fields(Acquire("1", Wish("p", "p/m", Usage(3, 0))))
    bound(desk, "LLD-1").answer(dear)
    coordinator.dies = False
    assert bound(desk, "LLD-2").answer(dear)["status"] == "overspent"


def test_everything_can_be_revoked_while_calls_wait() -> None:
    said = threading.Event()
    coordinator = CredentialCoordinator([Credential("main", None)], notify=lambda _: said.set())
    desk = LeaseDesk(coordinator, 600.0)
    bound(desk, "LLD-1").answer(ACQUIRE)
    waiting = bound(desk, "LLD-2")
    answers: list[Fields] = []
    thread = threading.Thread(target=lambda: answers.append(waiting.answer(ACQUIRE)), daemon=True)
    thread.start()
    assert said.wait(30)
    desk.revoke_all()
    thread.join(30)
    assert answers[0]["status"] == "refused"
