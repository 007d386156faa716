"""What a batch lends to its children: credentials within a budget, over a socket."""

from collections.abc import Callable, Mapping
from pathlib import Path

from agentos.core.child_spec import LeaseAccess
from agentos.core.config.environment import simulate_rate_limits
from agentos.credentials.budget import Budget
from agentos.records.spending import SpendingLedger
from agentos.workflows.parallel import CredentialCoordinator
from agentos.workflows.parallel.lease_client import RENEWAL
from agentos.workflows.parallel.lease_server import LeaseServer
from agentos.workspace.configuration import Configuration
from agentos.workspace.limit_memory import LimitMemory

TOKENS_PER_CHILD = 8
"""How often a child may bind a connection: once, and again after each error."""

LEASE_TERM = 4 * RENEWAL
"""Seconds after which the credential of a child that gives no sign of life is lent to others."""


class Lending:
    """The batch's credentials and budget, and the server that lends them between start and stop.

    `slots` are those of an account for which nobody says how many calls it takes at once;
    `on_slots` hears that there are more or fewer than before.
    """

    def __init__(
        self,
        configuration: Configuration,
        environ: Mapping[str, str],
        *,
        sockets: Path,
        ledger: SpendingLedger,
        slots: int,
        notify: Callable[[str], None],
        on_slots: Callable[[], None],
    ) -> None:
        self._budget = Budget(
            configuration.prices,
            nanodollars=configuration.limits.nanodollars,
            tokens=configuration.limits.tokens,
            spent=ledger.spent,
            ledger=ledger,
        )
        self._memory = LimitMemory(environ, configuration.lent, notify)
        self._credentials = CredentialCoordinator(
            configuration.lent,
            notify=notify,
            budget=self._budget,
            recalled=self._memory.recalled,
            remember=self._memory.add,
            default_slots=slots,
            simulate_rate_limits=simulate_rate_limits(environ),
            lease_term=LEASE_TERM,
            on_slots=on_slots,
        )
        self._server = LeaseServer(self._credentials, sockets)

    def start(self) -> None:
        """Lend from now on."""
        self._server.start()

    def stop(self) -> None:
        """Take everything back; twice is fine."""
        self._server.stop()

    def admit(self, running: int) -> bool:
        """Whether the credentials have work for one more item beside those that run."""
        return running <= self._credentials.open_slots()

    def why_held_back(self) -> str:
        """Why they have not, without a full stop."""
        return self._credentials.describe_slots()

    def access(self, label: str) -> LeaseAccess:
        """What a child needs to lease in the item's name."""
        tokens = self._server.issue_tokens(label, TOKENS_PER_CHILD)
        return LeaseAccess(self._server.address, bytes(self._server.authkey), tuple(tokens))

    def revoke(self, label: str) -> None:
        """Take back all that the item's child holds: it is gone."""
        self._server.revoke(label)

    def describe_budget(self) -> str:
        """What the batch has spent of its limits; empty where there is none."""
        return self._budget.describe()

    def first_back(self) -> str:
        """The time of day at which a used-up quota is tried again; empty without one."""
        return self._memory.first_back()
