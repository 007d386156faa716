"""All providers of the day: who calls with what secret meets which quota and which trouble."""

from collections.abc import Iterable

from agentos.testing.quota import Quota
from benchmarks.agenda import Agenda
from benchmarks.day.accounts import MODELS, Account
from benchmarks.day.troubles import (
    OF_A_DOMAIN,
    OF_A_KEY,
    OF_A_MODEL,
    OF_A_PROVIDER,
    OF_AN_ACCOUNT,
    drawn,
)
from benchmarks.keys.service import Heard, Service
from benchmarks.keys.work import Call, dice

_DOCUMENT = "A document that is long enough to be one. " * 8


class Providers:
    """Every account and model; all chance comes from `seed`."""

    def __init__(self, accounts: Iterable[Account], agenda: Agenda, seed: int) -> None:
        self._services: dict[tuple[str, str], Service] = {}  # by secret and model
        self._outages = {}  # by secret
        everywhere = {
            provider: drawn(OF_A_PROVIDER, dice(seed, "trouble", provider)) for provider in MODELS
        }
        of_model = {
            model: [*drawn(OF_A_MODEL, dice(seed, "trouble", model)), *everywhere[provider]]
            for provider, models in MODELS.items()
            for model in models
        }
        for account in accounts:
            spent = drawn(OF_AN_ACCOUNT, dice(seed, "trouble", account.name))
            keys = list(account.credentials())
            for key in keys:
                self._outages[key.secret] = drawn(OF_A_KEY, dice(seed, "trouble", key.name))
            for model in MODELS[account.provider]:
                own = drawn(OF_A_DOMAIN, dice(seed, "trouble", account.name, model))
                quota = Quota(account.limits, *of_model[model], *spent, *own)
                network = dice(seed, "network", account.name, model)
                service = Service(model, quota, account.known, agenda, network, text=_DOCUMENT)
                for key in keys:
                    self._services[key.secret or "", model] = service

    def send(self, secret: str | None, model: str, call: Call, heard: Heard, now: float) -> None:
        """Make a call."""
        service = self._services[secret or "", model]
        service.send(call, heard, now, self._outages[secret])
