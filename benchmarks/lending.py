"""A parent's lease server, as a run has it, and a child's way to it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agentos.workflows.parallel import CredentialCoordinator
from agentos.workflows.parallel.lease_client import LeaseClient
from agentos.workflows.parallel.lease_server import LeaseServer
from agentos.workflows.parallel.socket_folder import socket_folder


@contextmanager
def lending(coordinator: CredentialCoordinator) -> Iterator[LeaseServer]:
    """Serve leases on a socket where a run has it."""
    server = LeaseServer(coordinator, socket_folder(os.environ))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def access(server: LeaseServer, owner: str) -> dict[str, object]:
    """What a child needs to lease as `owner`, as JSON takes it."""
    return {
        "address": server.address,
        "authkey": bytes(server.authkey).hex(),
        "tokens": server.issue_tokens(owner, 1),
    }


def client(access: Mapping[str, Any]) -> LeaseClient:
    """In a child: leases, by what `access` gave."""
    return LeaseClient(access["address"], bytes.fromhex(access["authkey"]), access["tokens"])
