"""One situation, played by real processes."""

import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from agentos.core.calls import MOST_TOKENS
from agentos.core.credentials import Credential
from agentos.credentials.budget import Budget
from agentos.records.spending import SpendingLedger
from agentos.workflows.parallel import CredentialCoordinator
from benchmarks.leases.child import PROVIDER
from benchmarks.leases.relay_load import Sink, relay_load
from benchmarks.leases.situations import CHILDREN, Situation
from benchmarks.lending import access, lending
from benchmarks.processes import children

_KEYS = 3

_HEAD_START = 0.1  # seconds for the word to begin to reach every child


@dataclass(frozen=True, slots=True)
class Result:
    """How long leases took, in seconds. `relayed` is in bytes a second."""

    situation: Situation
    leases: int
    seconds: float
    median: float
    p90: float
    p99: float
    longest: float
    relayed: float

    @property
    def is_met(self) -> bool:
        """Whether it is as it is asked to be."""
        goal = self.situation.goal
        return goal is None or (self.median < goal.median and self.p99 < goal.p99)


def play(situation: Situation, seconds: float) -> Result:
    """Let the children ask for that long."""
    with ExitStack() as stack:
        server = stack.enter_context(lending(_coordinator(situation, stack)))
        specs = [
            {
                "access": access(server, f"LLD-{number + 1}"),
                "rhythm": situation.rhythm,
                "call": situation.call,
                "seconds": seconds,
            }
            for number in range(situation.children)
        ]
        asking = stack.enter_context(children("benchmarks.leases.child", specs))
        for child in asking:
            child.hear()
        sinks: list[Sink] = stack.enter_context(relay_load()) if situation.relays else []
        before, began = sum(sink.taken for sink in sinks), time.monotonic()
        for child in asking:
            child.tell(began + _HEAD_START)
        waited = [wait for child in asking for wait in child.hear()["waited"]]
        took = time.monotonic() - began
        relayed = (sum(sink.taken for sink in sinks) - before) / took
    return _result(situation, waited, seconds, relayed)


def _result(situation: Situation, waited: list[float], seconds: float, relayed: float) -> Result:
    shares = statistics.quantiles(waited, n=100, method="inclusive")
    return Result(
        situation, len(waited), seconds, shares[49], shares[89], shares[98], max(waited), relayed
    )


def _coordinator(situation: Situation, stack: ExitStack) -> CredentialCoordinator:
    """As a run makes it; each key alone has a slot for every child."""
    keys = [
        Credential(f"key-{n + 1}", f"secret of key-{n + 1}", PROVIDER, max_concurrent=CHILDREN)
        for n in range(_KEYS)
    ]
    budget = Budget()
    if situation.ledger:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ledger = SpendingLedger(folder / "spending.ndjson", "benchmark")
        budget = Budget(tokens=MOST_TOKENS, ledger=ledger)
    return CredentialCoordinator(keys, notify=lambda _: None, budget=budget)
