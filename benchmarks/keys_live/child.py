"""A child process that calls without think time, as the child of a run does, until stdin ends.

It is told how to reach its leases and the provider, says when it has made its first call, and in
the end what it did.
"""

import sys
import threading

from agentos.core.calls import Request, RequestKind
from agentos.core.errors import Interrupted
from agentos.core.events import CallFinished, CallRefused, Event
from agentos.core.model_settings import ModelSettings
from agentos.leasing_model import LeasingModel
from agentos.models.anthropic import AnthropicModel
from agentos.workflows.parallel.lease_client import LeaseClient
from benchmarks.keys.scenarios import MODEL
from benchmarks.lending import client
from benchmarks.processes import say, told

_REQUEST = Request(RequestKind.DRAFT_LLD, source="# A feature\n\nIt does something.\n" * 100)


class _Account:
    """What a child's calls came to; `busy` are the seconds of those that were answered."""

    def __init__(self) -> None:
        self.answered = 0
        self.refused = 0
        self.busy = 0.0

    def note(self, event: Event) -> None:
        match event:
            case CallFinished(seconds=seconds):
                self.answered += 1
                self.busy += seconds
            case CallRefused():
                self.refused += 1


def main() -> None:
    """Raises ModelError where the model refuses for good, and CredentialsExhausted."""
    spec = told()
    import anthropic  # noqa: F401, PLC0415 - before anything is counted: it takes a second

    leases = client(spec["access"])
    account = _Account()
    model = LeasingModel(
        AnthropicModel(ModelSettings(MODEL, base_url=spec["base_url"])), leases, account.note
    )
    say(ready=True)
    told()
    threading.Thread(target=_await_end, args=(leases, model), daemon=True).start()
    try:
        while True:
            model.run(_REQUEST)
    except Interrupted:
        say(answered=account.answered, refused=account.refused, busy=account.busy)


def _await_end(leases: LeaseClient, model: LeasingModel) -> None:
    """End it with stdin: a call in flight comes to its end, a wait for a lease does not."""
    sys.stdin.read()
    model.cancel()
    leases.close()


if __name__ == "__main__":
    main()
