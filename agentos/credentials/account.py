"""An account at a provider: the credentials that share its quota, and its domains by model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agentos.core.credentials import Credential, RateLimits
from agentos.core.errors import ConfigError
from agentos.credentials.domain import Domain


@dataclass(slots=True)
class Key:
    """A credential of an account; `closed` says why it is refused for good."""

    credential: Credential
    granted: int = 0
    last_granted: int = 0
    closed: str | None = None


class Account:
    """One quota. Raises ConfigError for one without a slot.

    `default_slots` are those of an account for which nobody says how many calls it takes at once.
    """

    def __init__(
        self,
        name: str,
        credentials: Iterable[Credential],
        *,
        default_slots: int,
        jitter: Callable[[], float],
    ) -> None:
        self.name = name
        self.keys = [Key(credential) for credential in credentials]
        self.in_use = 0
        self.closed: str | None = None
        self._jitter = jitter
        self._domains: dict[str, Domain] = {}
        told = [
            key.credential.max_concurrent
            for key in self.keys
            if key.credential.max_concurrent is not None
        ]
        self._is_told = bool(told) or all(key.credential.secret is None for key in self.keys)
        self.slots = min(told, default=default_slots)
        if self.slots < 1:
            whose = self.keys[0].credential.name
            raise ConfigError(
                f"The credential {whose!r} allows {self.slots} calls at once",
                "Set max_concurrent to 1 or more.",
            )

    @property
    def open_slots(self) -> int:
        """How many calls it takes at once, by all that its domains have learned so far."""
        if self.closed is not None or all(key.closed is not None for key in self.keys):
            return 0
        if not self._domains:
            return self.slots
        return min(self.slots, sum(domain.open_slots for domain in self._domains.values()))

    def domain(self, model: str | None, now: float) -> Domain:
        """What it allows for a model; None is for loans of which nothing is to be learned."""
        name = model or ""
        if name not in self._domains:
            self._domains[name] = Domain(
                self.slots,
                now,
                limits=self._limits(),
                is_told=self._is_told,
                learns=model is not None,
                jitter=self._jitter,
            )
        return self._domains[name]

    @property
    def provider(self) -> str:
        """What its credentials serve; empty for every provider."""
        return next((k.credential.provider for k in self.keys if k.credential.provider), "")

    @property
    def domains(self) -> Mapping[str, Domain]:
        """Those that were asked for, by model."""
        return self._domains

    def _limits(self) -> RateLimits:
        """What any of its credentials says; they have been checked to agree."""
        said = [key.credential.limits for key in self.keys]

        def least(values: Iterable[int | None]) -> int | None:
            return min((value for value in values if value is not None), default=None)

        return RateLimits(
            rpm=least(one.rpm for one in said),
            tpm=least(one.tpm for one in said),
            input_tpm=least(one.input_tpm for one in said),
            output_tpm=least(one.output_tpm for one in said),
        )


def accounts_of(
    credentials: Iterable[Credential], *, default_slots: int, jitter: Callable[[], float]
) -> list[Account]:
    """The accounts behind the credentials. Raises ConfigError for two credentials of one name."""
    members: dict[str, list[Credential]] = {}
    names: set[str] = set()
    for credential in credentials:
        if credential.name in names:
            raise ConfigError(
                f"Two credentials are called {credential.name!r}", "Give each a name of its own."
            )
        names.add(credential.name)
        members.setdefault(credential.domain_name, []).append(credential)
    return [
        Account(name, each, default_slots=default_slots, jitter=jitter)
        for name, each in members.items()
    ]
