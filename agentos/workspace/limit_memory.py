"""The limits that runs of all projects have met: recalled for a run, and added to by it."""

from collections.abc import Callable, Mapping, Sequence

from agentos.core.clock import utc_now
from agentos.core.credentials import Credential, Rest
from agentos.core.paths import user_state_folder
from agentos.records.remembered_limits import RememberedLimits


def forget_rest(environ: Mapping[str, str], credential: Credential, model: str) -> str:
    """Forget that the credential's quota rests for a model that answers again.

    Returns a sentence about it without its full stop, empty where nothing was known of a rest.
    """
    limits = RememberedLimits(user_state_folder(environ))
    quota = credential.domain_name
    found = limits.forget(credential.provider or "", quota, model, utc_now())
    if not found.rests:
        return found.warning
    return f"forgotten that the quota {quota} rests for {model}: the next run asks at once"


class LimitMemory:
    """What earlier runs found, and where this one adds to it; `warn` hears what goes wrong."""

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str], None]) -> None:
        self._limits = RememberedLimits(user_state_folder(environ))
        self._warn = warn
        found = self._limits.load(utc_now())
        self.recalled = found.rests
        self._say(found.warning)

    def add(self, rests: Sequence[Rest]) -> None:
        """Keep rests for the next run; one that cannot be kept costs it a call."""
        self._say(self._limits.remember(rests, utc_now()))

    def _say(self, warning: str) -> None:
        if warning:
            self._warn(f"[COORDINATOR] {warning}")
