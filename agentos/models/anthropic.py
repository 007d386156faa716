"""Anthropic's models, and servers that speak its Messages API, through the official SDK.

What the SDK would take by itself from the environment and the home folder is switched off here:
keys, tokens, credential profiles, base URL, headers and tracing. A call uses what it is handed.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from agentos.core.calls import (
    NO_HINT,
    Answer,
    Refusal,
    Request,
)
from agentos.core.clock import Now, utc_now
from agentos.core.model_settings import ModelSettings
from agentos.core.providers import Provider
from agentos.models.anthropic_stream import as_events, read_answer, read_refusal
from agentos.models.hosted import HostedModel
from agentos.models.limit_headers import limit_hint
from agentos.models.prompt import Prompt, join
from agentos.models.transport import broken, no_package

if TYPE_CHECKING:
    import httpx2
    from anthropic.types import MessageParam, TextBlockParam

_NAME = "anthropic"
_REQUIREMENT = "anthropic>=2,<3"
_MAJOR = "2."
_OWN_SERVICE = "https://api.anthropic.com"


class AnthropicModel(HostedModel):
    """One model, asked by streamed calls, each made once."""

    def __init__(self, settings: ModelSettings, *, now: Now = utc_now) -> None:
        """Raise ConfigError for settings that name no model."""
        super().__init__(settings)
        self._now = now

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        """Make one call; without a secret it goes out without a key."""
        try:
            import anthropic  # noqa: PLC0415 - heavy, and an extra: only a call pays for it
        except ImportError:
            return no_package(_NAME, _REQUIREMENT)
        if not anthropic.__version__.startswith(_MAJOR):
            return no_package(_NAME, _REQUIREMENT, anthropic.__version__)

        hint = NO_HINT
        limits = self._settings.time_limits
        try:
            with (
                self.client(secret) as http,
                closing(self._open(http, join(request), secret)) as response,
            ):
                hint = limit_hint(response.headers, self._now())
                if response.headers.get("content-type", "").startswith("application/json"):
                    return read_answer(as_events(response.read()), self.name, secret, hint)
                events = anthropic.Stream.raw_events(response)
                return read_answer((event.data for event in events), self.name, secret, hint)
        except anthropic.APIStatusError as error:
            hint = limit_hint(error.response.headers, self._now())
            return read_refusal(error.body, error.status_code, secret, hint)
        except Exception as error:  # noqa: BLE001 - odd bytes may raise anything in an SDK
            return replace(broken(error, limits), hint=hint)

    def _open(self, http: "httpx2.Client", prompt: Prompt, secret: str | None) -> "httpx2.Response":
        """Send the request; the response has its headers, its body is still to be read."""
        from anthropic import Anthropic, omit  # noqa: PLC0415 - as above

        client = Anthropic(
            api_key=secret or "",  # None would send it looking for another
            base_url=self._settings.base_url or _OWN_SERVICE,
            timeout=http.timeout,  # said, as 5 s looks to it like none set
            max_retries=0,
            open_telemetry=False,
            http_client=http,
        )
        # ANTHROPIC_CUSTOM_HEADERS is in there, and may hold another key; no argument keeps it out.
        client._custom_headers = {}  # noqa: SLF001 - as just said; a test watches over it
        response = client.messages.with_raw_response.create(
            model=self._settings.model,
            max_tokens=self._settings.max_output_tokens,
            system=[{"type": "text", "text": prompt.system}],
            messages=[_turn(prompt)],
            stream=True,
            extra_headers={} if secret else {"Authorization": omit},
        )
        return response.http_response


def _turn(prompt: Prompt) -> "MessageParam":
    """The user's turn; all up to the end of what stays the same is for the prompt cache."""
    stable: TextBlockParam = {
        "type": "text",
        "text": prompt.stable,
        "cache_control": {"type": "ephemeral"},
    }
    fresh: TextBlockParam = {"type": "text", "text": prompt.fresh}
    # An empty block is an invalid request.
    return {"role": "user", "content": [stable, fresh] if prompt.stable else [fresh]}


def _build(settings: ModelSettings, _environ: Mapping[str, str]) -> AnthropicModel:
    return AnthropicModel(settings)


PROVIDER = Provider(
    _NAME,
    _build,
    requirement=_REQUIREMENT,
    module=_NAME,
    key_variable="ANTHROPIC_API_KEY",
    base_url_variable="ANTHROPIC_BASE_URL",
    writes_cache=True,
)
