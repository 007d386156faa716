"""A provider as a child meets it, with the network in between."""

import random
from collections.abc import Callable, Sequence
from functools import partial

from agentos.core.calls import Answer, Refusal, Usage
from agentos.testing.quota import Outage, Quota, Refused
from benchmarks.agenda import Agenda
from benchmarks.keys.scenarios import Known
from benchmarks.keys.work import Call, trip

Heard = Callable[[Answer | Refusal, float], None]
"""Is told how a call went, and when that arrives."""


class Service:
    """One model of one account: the quota, and what its responses tell of it.

    `text` is what every answer says.
    """

    def __init__(
        self,
        model: str,
        quota: Quota,
        known: Known,
        agenda: Agenda,
        network: random.Random,
        *,
        text: str = "",
    ) -> None:
        self.quota = quota
        self._model = model
        self._known = known
        self._agenda = agenda
        self._network = network
        self._text = text

    def send(self, call: Call, heard: Heard, now: float, outages: Sequence[Outage] = ()) -> None:
        """Make a call; `outages` are those that meet its caller alone."""
        self._agenda.at(now + trip(self._network), partial(self._arrive, call, heard, outages))

    def _arrive(self, call: Call, heard: Heard, outages: Sequence[Outage], now: float) -> None:
        refused = _refused(outages, now) or self.quota.arrive(now, call.input_tokens)
        seconds = None if refused is None else refused.seconds
        hint = self._known.hint(self.quota, seconds, now)  # headers are made when a request arrives
        if refused is None:
            usage = Usage(call.input_tokens, call.output_tokens)
            answer = Answer(self._text, self._model, usage, hint)
            self._agenda.at(now + call.latency, partial(self._finish, heard, answer))
        else:
            refusal = Refusal(refused.kind, f"simulated: {refused.kind}", hint, usage=Usage())
            self._respond(heard, refusal, now)

    def _finish(self, heard: Heard, answer: Answer, now: float) -> None:
        self.quota.finish(now, answer.usage.output_tokens if answer.usage else 0)
        self._respond(heard, answer, now)

    def _respond(self, heard: Heard, result: Answer | Refusal, now: float) -> None:
        self._agenda.at(now + trip(self._network), partial(heard, result))


def _refused(outages: Sequence[Outage], now: float) -> Refused | None:
    return next((refused for one in outages if (refused := one.refusal(now))), None)
