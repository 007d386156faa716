"""The three vendors' own SDKs, each asked in the same way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from agentos.core.calls import Usage
from agentos.testing import LoopbackServer, Wire

SYSTEM = "You are brief."
PROMPT = "What is a test?"
SECRET = "key-of-a-test"


@dataclass(frozen=True, slots=True)
class Heard:
    """What an SDK made of an answer."""

    text: str = ""
    finish: str = ""
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    reasoning_tokens: int = 0


class Ask(Protocol):
    """Ask over a wire; what the SDK raises comes through."""

    def __call__(
        self, server: LoopbackServer, wire: Wire, *, timeout: float = 20.0, max_tokens: int = 500
    ) -> Heard: ...


Asker = Callable[[str, float, int], Heard]


@pytest.fixture(params=list(Wire))
def wire(request: pytest.FixtureRequest) -> Wire:
    return Wire(request.param)


@pytest.fixture(scope="session")
def askers() -> Iterator[dict[Wire, Asker]]:
    """One client for each wire: to make one takes longer than to ask it."""
    with (
        anthropic.Anthropic(api_key=SECRET, max_retries=0) as for_anthropic,
        openai.OpenAI(api_key=SECRET, max_retries=0) as for_openai,
        genai.Client(api_key=SECRET) as for_gemini,
    ):
        yield {
            Wire.ANTHROPIC: lambda *how: _anthropic(for_anthropic, *how),
            Wire.OPENAI: lambda *how: _openai(for_openai, *how),
            Wire.GEMINI: lambda *how: _gemini(for_gemini, *how),
        }


@pytest.fixture
def ask(askers: dict[Wire, Asker]) -> Ask:
    def through(
        server: LoopbackServer, wire: Wire, *, timeout: float = 20.0, max_tokens: int = 500
    ) -> Heard:
        return askers[wire](server.base_url(wire), timeout, max_tokens)

    return through


def _anthropic(client: anthropic.Anthropic, url: str, timeout: float, max_tokens: int) -> Heard:
    text, heard = "", Heard()
    with client.with_options(base_url=url, timeout=timeout).messages.create(
        model="some-model",
        max_tokens=max_tokens,
        system=SYSTEM,
        messages=[{"role": "user", "content": PROMPT}],
        stream=True,
    ) as events:
        for event in events:
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                text += event.delta.text
            elif event.type == "message_delta":
                told = event.usage
                cached = told.cache_read_input_tokens or 0
                written = told.cache_creation_input_tokens or 0
                before = (told.input_tokens or 0) + cached + written
                details = told.output_tokens_details
                heard = Heard(
                    text,
                    event.delta.stop_reason or "",
                    Usage(before, told.output_tokens, cached, written),
                    details.thinking_tokens if details else 0,
                )
            elif event.type == "message_stop":
                return heard
    return Heard(text)


def _openai(client: openai.OpenAI, url: str, timeout: float, max_tokens: int) -> Heard:
    text, finish, heard = "", "", Heard()
    with client.with_options(base_url=url, timeout=timeout).chat.completions.create(
        model="some-model",
        max_completion_tokens=max_tokens,
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}],
        stream=True,
        stream_options={"include_usage": True},
    ) as chunks:
        for chunk in chunks:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
            if told := chunk.usage:
                before, after = told.prompt_tokens_details, told.completion_tokens_details
                assert before is not None
                assert after is not None
                cached, written = before.cached_tokens or 0, before.cache_write_tokens or 0
                usage = Usage(told.prompt_tokens, told.completion_tokens, cached, written)
                heard = Heard(text, finish, usage, after.reasoning_tokens or 0)
    return heard if heard.finish else Heard(text)


def _gemini(client: genai.Client, url: str, timeout: float, max_tokens: int) -> Heard:
    text, finish, heard = "", "", Heard()
    config = types.GenerateContentConfig(
        system_instruction=SYSTEM,
        max_output_tokens=max_tokens,
        http_options=types.HttpOptions(base_url=url, timeout=round(timeout * 1000)),
    )
    for chunk in client.models.generate_content_stream(
        model="some-model", contents=PROMPT, config=config
    ):
        text += chunk.text or ""
        for candidate in chunk.candidates or []:
            finish = candidate.finish_reason or finish
        if chunk.prompt_feedback:
            finish = chunk.prompt_feedback.block_reason or finish
        if told := chunk.usage_metadata:
            thoughts = told.thoughts_token_count or 0
            after = (told.candidates_token_count or 0) + thoughts
            cached = told.cached_content_token_count or 0
            heard = Heard(
                text, finish, Usage(told.prompt_token_count or 0, after, cached), thoughts
            )
    return heard
