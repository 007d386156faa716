"""The limits that runs of all projects have met: recalled for a run, and added to by it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from agentos.core.clock import Now, time_of_day, utc_now
from agentos.core.credentials import Credential, Rest
from agentos.core.paths import user_state_folder
from agentos.records.remembered_limits import RememberedLimits


def forget_rest(environ: Mapping[str, str], credential: Credential, model: str) -> str:
    """Forget that the credential's quota rests for a model that answers again.

    Returns a sentence about it without its full stop, empty where nothing was known of a rest.
    """
    limits = RememberedLimits(user_state_folder(environ))
    found = limits.forget(credential, model, utc_now())
    if not found.rests:
        return found.warning
    quota = credential.domain_name
    return f"forgotten that the quota {quota} rests for {model}: the next run asks at once"


class LimitMemory:
    """What earlier runs found of these credentials, and where this one adds to it.

    `warn` hears what goes wrong.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        credentials: Iterable[Credential],
        warn: Callable[[str], None],
        now: Now = utc_now,
    ) -> None:
        self._limits = RememberedLimits(user_state_folder(environ))
        self._credentials = tuple(credentials)
        self._warn = warn
        self._now = now
        found = self._limits.load(self._credentials, now())
        self.recalled = found.rests
        self._closures: dict[tuple[str, str], datetime] = {}
        self._note_closures(found.rests)
        self._say(found.warning)

    def add(self, rests: Sequence[Rest]) -> None:
        """Keep rests for the next run; one that cannot be kept costs it a call."""
        self._note_closures(rests)
        self._say(self._limits.remember(rests, self._credentials, self._now()))

    def first_back(self) -> str:
        """The time of day at which the first used-up quota is tried again; empty without one."""
        now = self._now()
        ends = [end for end in self._closures.values() if end > now]
        return time_of_day((min(ends) - now).total_seconds(), now) if ends else ""

    def _note_closures(self, rests: Iterable[Rest]) -> None:
        """Of two for one domain the later end counts, as in the pool."""
        for rest in rests:
            if rest.reason:
                domain = rest.quota, rest.model
                self._closures[domain] = max(rest.until, self._closures.get(domain, rest.until))

    def _say(self, warning: str) -> None:
        if warning:
            self._warn(f"[COORDINATOR] {warning}")
