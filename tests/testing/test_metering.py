"""A provider with limits behind the vendors' wires, asked by the product's own adapters."""

import random
import time
from collections.abc import Callable, Mapping

import pytest

from agentos.core.calls import (
    Answer,
    Limit,
    LimitScope,
    Refusal,
    RefusalKind,
    Request,
    RequestKind,
)
from agentos.core.model_settings import ModelSettings
from agentos.models.openai import OpenAIModel
from agentos.testing import Asked, LoopbackServer, Reply, Say, Wire
from agentos.testing.metering import Manners, Metered, MeteredAccount
from agentos.testing.quota import Outage, QuotaLimits
from agentos.testing.replies import Refuse, reply_for
from agentos.testing.retry_hints import RetryHint

REQUEST = Request(RequestKind.DRAFT_LLD, source="# What to build\n\nA thing.")
PATIENCE = 30.0  # seconds


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def asked(secret: str = "a", model: str = "m", wire: Wire = Wire.OPENAI, number: int = 1) -> Asked:
    return Asked(wire, model, secret, "four bytes a token", None, number, {})


PLAIN = Manners()


def metered(
    accounts: Mapping[str, MeteredAccount], clock: Clock, manners: Manners = PLAIN
) -> Metered:
    return Metered(
        accounts,
        dice=random.Random(1),
        latency=lambda dice: dice.uniform(1.0, 3.0),
        manners=manners,
        text=lambda _: Say("An answer.", input_tokens=100, output_tokens=50),
        clock=clock,
    )


def is_served(reply: Reply) -> bool:
    return isinstance(reply, Say)


def test_secrets_of_one_account_share_its_limits_and_models_do_not() -> None:
    shared, other = (MeteredAccount(QuotaLimits(requests=1)) for _ in range(2))
    script = metered({"a": shared, "b": shared, "c": other}, Clock())
    assert is_served(script(asked("a")))
    assert not is_served(script(asked("b")))
    assert is_served(script(asked("c")))
    assert is_served(script(asked("b", "another model")))


def test_a_model_may_have_limits_of_its_own() -> None:
    account = MeteredAccount(QuotaLimits(requests=1), {"large": QuotaLimits(concurrent=2)})
    script = metered({"a": account}, Clock())
    served = [is_served(script(asked(model="large", number=n))) for n in range(3)]
    assert served == [True, True, False]


def test_a_call_ends_after_its_latency() -> None:
    clock = Clock()
    script = metered({"a": MeteredAccount(QuotaLimits(concurrent=1, output_tokens=60))}, clock)
    said = script(asked())
    assert isinstance(said, Say)
    assert 1.0 <= said.first_delay <= 3.0
    clock.now += said.first_delay - 0.01
    assert not is_served(script(asked(number=2)))
    clock.now += 0.02
    refused = script(asked(number=3))  # there were 10 tokens, and it put 50 out
    assert isinstance(refused, Refuse)
    assert refused.headers["retry-after"] == "40"
    clock.now += 40
    assert is_served(script(asked(number=4)))


def test_unknown_secret() -> None:
    reply = reply_for(metered({}, Clock())(asked()), Wire.OPENAI)
    assert isinstance(reply, Refuse)
    assert reply.status == 401


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (RefusalKind.ACCOUNT, 402),
        (RefusalKind.CREDENTIAL, 401),
        (RefusalKind.OVERLOADED, 529),
        (RefusalKind.TRANSIENT, 500),
    ],
)
def test_an_outage_on_cue(kind: RefusalKind, status: int) -> None:
    clock = Clock()
    account = MeteredAccount(QuotaLimits())
    script = metered({"a": account}, clock)
    assert is_served(script(asked()))
    account.break_down(Outage(kind, clock.now, clock.now + 5))
    for model in ("m", "new"):
        reply = script(asked(model=model, wire=Wire.ANTHROPIC, number=2))
        assert isinstance(reply, Refuse)
        assert reply.status == status
    clock.now += 5
    assert is_served(script(asked(number=3)))


def test_hidden_limits_are_in_no_header() -> None:
    script = metered(
        {"a": MeteredAccount(QuotaLimits(requests=1))}, Clock(), Manners(RetryHint.NONE)
    )
    said, refused = script(asked(wire=Wire.ANTHROPIC)), script(asked(wire=Wire.ANTHROPIC))
    assert isinstance(said, Say)
    assert said.limits == {}
    assert isinstance(refused, Refuse)
    assert (refused.status, refused.headers) == (429, {})


def test_hint_over_gemini() -> None:
    account = MeteredAccount(QuotaLimits(requests=60, burst=1))
    script = metered({"a": account}, Clock(), Manners(RetryHint.RETRY_INFO))
    script(asked(wire=Wire.GEMINI))
    refused = script(asked(wire=Wire.GEMINI))
    assert isinstance(refused, Refuse)
    assert refused.details[-1]["retryDelay"] == "1s"
    assert refused.headers == {}


def ask_again_and_again(
    server: LoopbackServer, calls: int, pause: Callable[[Refusal], float]
) -> tuple[list[Answer], list[Refusal]]:
    model = OpenAIModel(ModelSettings("openai/m", base_url=server.base_url("openai")))
    answers: list[Answer] = []
    refusals: list[Refusal] = []
    deadline = time.monotonic() + PATIENCE
    while len(answers) < calls and time.monotonic() < deadline:
        result = model.complete(REQUEST, "a")
        if isinstance(result, Answer):
            answers.append(result)
        else:
            refusals.append(result)
            time.sleep(pause(result))
    return answers, refusals


@pytest.mark.parametrize("hint", [RetryHint.DECIMALS, RetryHint.MILLISECONDS])
def test_who_heeds_the_hint_is_served_in_real_time(hint: RetryHint) -> None:
    script = Metered(
        {"a": MeteredAccount(QuotaLimits(requests=120, burst=0.5))},
        dice=random.Random(1),
        manners=Manners(hint, advertises=True),
    )
    began = time.monotonic()
    with LoopbackServer(script) as server:
        answers, refusals = ask_again_and_again(server, 4, lambda refusal: refusal.retry_after or 0)
    took = time.monotonic() - began
    assert len(answers) == 4
    assert took >= 1.5  # no faster than the limit allows
    assert {refusal.kind for refusal in refusals} == {RefusalKind.RATE_LIMITED}
    assert all(0 < (refusal.retry_after or 0) <= 0.5 for refusal in refusals)
    (limit,) = answers[0].hint.limits
    assert limit == Limit(LimitScope.REQUESTS, 120, 0, 0.5)
