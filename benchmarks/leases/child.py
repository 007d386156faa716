"""A child process that leases again and again, and tells how long it waited each time.

It is told how to reach its leases and its rhythm, says when it is connected, and is told when to
begin.
"""

import time

from agentos.core.calls import Answer, Lease, Usage, Wish
from agentos.workflows.parallel.lease_client import LeaseClient
from benchmarks.leases.rhythm import Rhythm, beats
from benchmarks.lending import client
from benchmarks.processes import say, told

PROVIDER = "anthropic"

_MODEL = f"{PROVIDER}/some-model"
_WISH = Wish(PROVIDER, _MODEL, Usage(9_000, 16_000))
_ANSWER = Answer("", _MODEL, Usage(2_000, 500))


def main() -> None:
    """Raises what `LeaseClient` raises."""
    spec = told()
    leases = client(spec["access"])
    _give_back(leases, leases.acquire(_WISH))  # the first call opens the connection
    say(ready=True)
    begins = told()
    if begins is None:
        return
    waited = []
    for _ in beats(Rhythm(spec["rhythm"]), begins, spec["seconds"]):
        asked = time.perf_counter()
        lease = leases.acquire(_WISH)
        waited.append(time.perf_counter() - asked)
        if spec["call"]:
            time.sleep(spec["call"])
        _give_back(leases, lease)
    say(waited=waited)


def _give_back(leases: LeaseClient, lease: Lease) -> None:
    leases.settle(lease, _ANSWER)


if __name__ == "__main__":
    main()
