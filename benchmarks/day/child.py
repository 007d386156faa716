"""A process of the product that works through one item, with the product's own `LeasingModel`."""

import random
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Any

from agentos.core.calls import Answer, Lease, Model, Refusal, Request, Usage, Wish
from agentos.core.errors import CredentialsExhausted, Interrupted, ModelError
from agentos.core.model_settings import DEFAULT_OUTPUT_TOKENS
from agentos.credentials.answers import Refused
from agentos.leasing_model import LeasingModel
from benchmarks.agenda import Agenda
from benchmarks.day.accounts import MODELS
from benchmarks.day.bill import Bill
from benchmarks.day.fiber import Fiber
from benchmarks.day.items import STEPS, Item
from benchmarks.day.line import Line
from benchmarks.day.providers import Providers

_START_UP, _LOCAL_WORK = 1.0, 0.5
"""Seconds before all else, and before each step."""


class Doing(Enum):
    """What a child stands still for."""

    IN_LINE = auto()
    CALLING = auto()
    PAUSING = auto()


class Outcome(Enum):
    """How a child ended."""

    FINISHED = auto()
    FAILED = auto()  # a provider was overloaded or out of reach for too long
    EXHAUSTED = auto()  # no credential is left for its next call
    INTERRUPTED = auto()  # the run stops
    DIED = auto()


class Child:
    """Is the `Leases` of its own models; `owner` is how the pool knows it."""

    def __init__(
        self,
        owner: str,
        item: Item,
        *,
        line: Line,
        providers: Providers,
        bill: Bill,
        agenda: Agenda,
        chance: random.Random,
    ) -> None:
        self.owner = owner
        self.item = item
        self.doing = Doing.PAUSING
        self.outcome: Outcome | None = None
        self.is_noticed = False  # by the parent
        self._line = line
        self._providers = providers
        self._bill = bill
        self._agenda = agenda
        self._fiber = Fiber(self._work)
        self._waits = 0
        self._models = {
            name: LeasingModel(
                _Model(name, provider, self),
                self,
                lambda _: None,
                clock=lambda: agenda.now,
                pause=self._pause,
                jitter=chance.random,
            )
            for provider, names in MODELS.items()
            for name in names
        }

    def start(self) -> None:
        """Begin where the last child of this item ended."""
        self._fiber.start()

    def stop(self) -> None:
        """Do as after Ctrl-C: begin no call; what is not a call ends at once."""
        for model in self._models.values():
            model.cancel()
        if self.doing is not Doing.CALLING:
            self.end(Outcome.INTERRUPTED)

    def end(self, outcome: Outcome) -> None:
        """End where it is; nothing if it has ended."""
        if self.outcome is None:
            self.outcome = outcome
            self._line.leave(self.owner)
            self._fiber.kill()

    def acquire(self, wish: Wish) -> Lease:
        """Raises CredentialsExhausted, as the lease client does."""
        self._line.join(self.owner, wish, self._door())
        answer = self._stand_still(Doing.IN_LINE)
        if isinstance(answer, Refused):
            raise CredentialsExhausted(answer.reason)
        assert isinstance(answer, Lease)  # noqa: S101 - there is nothing else
        return answer

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        """Give it back."""
        self._line.settle(self.owner, lease, result)

    def call(self, model: str, secret: str | None) -> Answer | Refusal:
        """Make the call of the item's next step."""
        self._bill.called(self.item.number, self.item.done)
        door = self._door()
        self._providers.send(
            secret,
            model,
            self.item.next_call,
            lambda result, _now: door(result),
            self._agenda.now,
        )
        result = self._stand_still(Doing.CALLING)
        assert isinstance(result, Answer | Refusal)  # noqa: S101 - there is nothing else
        return result

    def prompt_bytes(self) -> int:
        """Of the item's next call."""
        return self.item.next_call.prompt_bytes

    def _work(self) -> None:
        try:
            self._pause(_START_UP)
            while not self.item.is_finished:
                self._pause(_LOCAL_WORK)
                model, kind = STEPS[self.item.done]
                self._models[model].run(Request(kind))
                self._bill.finished(self.item.number, self.item.done)
                self.item.finish_step()
            self.outcome = Outcome.FINISHED
        except CredentialsExhausted:
            self.outcome = Outcome.EXHAUSTED
        except Interrupted:
            self.outcome = Outcome.INTERRUPTED
        except ModelError:
            self.outcome = Outcome.FAILED

    def _pause(self, seconds: float) -> None:
        door = self._door()
        self._agenda.at(self._agenda.now + seconds, lambda _now: door(None))
        self._stand_still(Doing.PAUSING)

    def _stand_still(self, doing: Doing) -> Any:
        self.doing = doing
        return self._fiber.wait()

    def _door(self) -> Callable[[object], None]:
        """What ends the next wait, and no other: what comes for one that is over is not heard."""
        self._waits += 1
        return partial(self._go_on, self._waits)

    def _go_on(self, wait: int, message: object) -> None:
        if wait == self._waits and self.outcome is None:
            self._fiber.resume(message)


class _Model(Model):
    """An adapter whose provider is simulated."""

    def __init__(self, name: str, provider: str, child: Child) -> None:
        self._name = name
        self._provider = provider
        self._child = child

    @property
    def name(self) -> str:
        return self._name

    @property
    def provider(self) -> str:
        return self._provider

    def bound(self, request: Request) -> Usage:  # noqa: ARG002 - the child knows its sizes
        return Usage(self._child.prompt_bytes(), DEFAULT_OUTPUT_TOKENS)

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:  # noqa: ARG002
        return self._child.call(self._name, secret)
