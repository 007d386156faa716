"""OpenAI's models, and every server that speaks its chat completions, through the official SDK.

They are llama.cpp, vLLM, Ollama, gateways and others.

What the SDK would take by itself from the environment is switched off here: keys, organization,
project, base URL and headers. A call uses what it is handed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agentos.core.calls import NO_HINT, Answer, Refusal, Request
from agentos.core.clock import Now, utc_now
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings
from agentos.core.providers import Provider
from agentos.models.hosted import HostedModel
from agentos.models.limit_headers import limit_hint
from agentos.models.openai_stream import Message, read, refused
from agentos.models.prompt import Prompt, join
from agentos.models.transport import broken, no_package

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk

OUTPUT_LIMIT_FIELD = "output_limit_field"
"""The option that says by which field a server is told the output limit."""

_NAME = "openai"
_REQUIREMENT = "openai>=3,<4"
_MAJOR = "3."
_OWN_SERVICE = "https://api.openai.com/v1"
_OWN_HOST = "api.openai.com"  # and regional ones below it
_NEW_FIELD = "max_completion_tokens"
_OLD_FIELD = "max_tokens"
_NO_KEY = "none"  # the SDK insists on one, the server does not look at it


class OpenAIModel(HostedModel):
    """One model, asked by one streamed call at a time, without retries."""

    def __init__(self, settings: ModelSettings, *, now: Now = utc_now) -> None:
        """Raise ConfigError for a setting that is wrong."""
        super().__init__(settings)
        self._base_url = settings.base_url or _OWN_SERVICE
        self._output_limit_field = _output_limit_field(settings, self._base_url)
        self._now = now

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        """Make one call; the answer counts as soon as the model said that it is at its end."""
        try:
            import openai  # noqa: PLC0415 - heavy, and an extra: only who calls it pays for it
        except ImportError:
            return no_package(_NAME, _REQUIREMENT)
        if not openai.__version__.startswith(_MAJOR):
            return no_package(_NAME, _REQUIREMENT, openai.__version__)

        limits = self._settings.time_limits
        hint = NO_HINT
        message = Message()
        try:
            with (
                self.client(secret) as http,
                self._open(self._client(http, secret), join(request)) as stream,
            ):
                hint = limit_hint(stream.response.headers, self._now())
                if refusal := read(stream, message, secret):
                    return replace(refusal, hint=hint)
        except openai.APIStatusError as error:
            hint = limit_hint(error.response.headers, self._now())
            return refused(error.body, secret, error.status_code, hint)
        except Exception as error:  # noqa: BLE001 - an SDK may raise anything for odd bytes
            # What comes after the end of the text is at most a count of tokens.
            if not message.finish_reason:
                if isinstance(error, openai.APIError) and error.body:  # an event in the stream
                    refusal = refused(error.body, secret)
                else:
                    refusal = broken(error, limits)
                return replace(refusal, hint=hint)
        return message.result(self.name, hint)

    def _client(self, http: "httpx2.Client", secret: str | None) -> "OpenAI":
        from openai import OpenAI  # noqa: PLC0415 - as above

        client = OpenAI(
            api_key=secret or _NO_KEY,
            admin_api_key="",
            webhook_secret="",
            base_url=self._base_url,
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
        )
        # As arguments, None would mean the environment's, and "" an empty header.
        client.organization = client.project = None
        # OPENAI_CUSTOM_HEADERS is in there, and may hold another key; no argument keeps it out.
        client._custom_headers = {}  # noqa: SLF001 - as just said; a test watches over it
        return client

    def _open(self, client: "OpenAI", prompt: Prompt) -> "Stream[ChatCompletionChunk]":
        """Send the request; the response has its headers, its body is still to be read."""
        return client.chat.completions.create(
            model=self._settings.model,
            messages=[
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            stream=True,
            stream_options={"include_usage": True},
            extra_body={self._output_limit_field: self._settings.max_output_tokens},
        )


def _output_limit_field(settings: ModelSettings, base_url: str) -> str:
    """Reasoning models know the new field only, older servers the old one only."""
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        raise ConfigError(
            f"base_url of {settings.name} is no URL", "write it as https://HOST/PATH"
        ) from None
    is_own = host == _OWN_HOST or host.endswith(f".{_OWN_HOST}")
    field = settings.options.get(OUTPUT_LIMIT_FIELD, _NEW_FIELD if is_own else _OLD_FIELD)
    if field not in {_NEW_FIELD, _OLD_FIELD}:
        raise ConfigError(
            f"{OUTPUT_LIMIT_FIELD} of {settings.name} is {field!r}",
            f"set it to {_NEW_FIELD} or {_OLD_FIELD}",
        )
    return field


def _build(settings: ModelSettings, _environ: Mapping[str, str]) -> OpenAIModel:
    return OpenAIModel(settings)


PROVIDER = Provider(
    _NAME,
    _build,
    requirement=_REQUIREMENT,
    module=_NAME,
    key_variable="OPENAI_API_KEY",
    base_url_variable="OPENAI_BASE_URL",
)
