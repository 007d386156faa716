"""A child process for the tests of the lease server: obeys one command a line.

First line of stdin: JSON with address, authkey, tokens and renewal. Then `acquire PROVIDER`,
`settle KIND [SECONDS]` (KIND `answer` or a RefusalKind) or `break`; each is answered with one line
of JSON.
"""

import json
import os
import sys

from agentos.core.calls import Answer, Lease, LimitHint, Refusal, RefusalKind, Usage, Wish
from agentos.core.errors import AgentosError
from agentos.workflows.parallel.lease_client import LeaseClient


def say(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main() -> None:
    spec = json.loads(sys.stdin.readline())
    client = LeaseClient(
        spec["address"],
        bytes.fromhex(spec["authkey"]),
        spec["tokens"],
        renewal=spec["renewal"],
    )
    lease = Lease("", "", None)
    for line in sys.stdin:
        command, *words = line.split()
        try:
            if command == "acquire":
                lease = client.acquire(Wish(words[0], f"{words[0]}/m", Usage()))
                say(
                    id=lease.id,
                    credential=lease.credential,
                    secret=lease.secret,
                    simulate=lease.simulate_rate_limit,
                )
            elif command == "settle":
                hint = LimitHint(float(words[1]) if words[1:] else None)
                answer = words[0] == "answer"
                client.settle(
                    lease,
                    Answer("text", "model")
                    if answer
                    else Refusal(RefusalKind(words[0]), "text", hint),
                )
                say(settled=True)
            else:  # the connection breaks under the client
                assert client._line is not None
                os.dup2(os.open(os.devnull, os.O_RDWR), client._line.fileno())
                say(broken=True)
        except AgentosError as error:
            say(error=type(error).__name__, sentence=str(error))


if __name__ == "__main__":
    main()
