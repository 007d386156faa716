"""Ten processes that print all they can, and the parent's relays that read them."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agentos.core.masking import Masker
from agentos.engines.relay import OutputRelay
from benchmarks.processes import Child

SPEWERS = 10

_PATIENCE = 5.0  # seconds


class Sink:
    """A console that takes everything, and counts its bytes."""

    def __init__(self) -> None:
        self.taken = 0

    def write(self, chunk: bytes) -> int:
        """Take them."""
        self.taken += len(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held."""


@contextmanager
def relay_load() -> Iterator[list[Sink]]:
    """Relay, with three secrets to mask; gives what each process's lines go to."""
    masker = Masker(secrets.token_urlsafe(32) for _ in range(3))
    sinks = [Sink() for _ in range(SPEWERS)]
    with ExitStack() as stack:
        for number, sink in enumerate(sinks, 1):
            spewer = Child("benchmarks.leases.spewer", {})
            stack.callback(spewer.close)
            relay = OutputRelay(
                spewer.output_fd,
                f"[LLD-{number}]",
                log=Path(os.devnull).open("ab"),  # noqa: SIM115 - the relay closes it
                masker=masker,
                stream=sink,
                on_error=_raise,
            )
            relay.start(_raise)
            stack.callback(relay.finish, _PATIENCE)
            stack.callback(spewer.kill)
        yield sinks


def _raise(error: Exception) -> None:
    raise error
