"""Google's Gemini models, and servers that speak their API, through the official SDK.

What the SDK would take by itself from the environment is switched off here: keys, base URL, API
version, enterprise mode, replays and HTTP library. So is whatever it would send a second time.
"""

import os
import re
import ssl
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from agentos.core.calls import Answer, Refusal, Request
from agentos.core.clock import Now, utc_now
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings
from agentos.core.providers import Provider
from agentos.models.gemini_stream import Message, refused
from agentos.models.hosted import HostedModel
from agentos.models.limit_headers import limit_hint
from agentos.models.prompt import Prompt, join
from agentos.models.transport import broken, cut, no_package

if TYPE_CHECKING:
    import httpx2
    from google import genai

API_VERSION = "api_version"
"""The option that says in which version of the API the model is to be found."""

_NAME = "gemini"
_PACKAGE = "google-genai"
_REQUIREMENT = "google-genai>=3,<4"
_MAJOR = "3."
_OWN_SERVICE = "https://generativelanguage.googleapis.com/"
_VERSIONS = ("v1", "v1beta", "v1alpha")
"""The first is the SDK's default; names that end in `-latest` and some previews need the second."""

_MODEL = re.compile(r"[\w.@:-]+(/[\w.@:-]+)*", re.ASCII)
_NO_KEY = "none"  # the SDK insists on one, and it is taken away again


class GeminiModel(HostedModel):
    """One model, asked by one streamed call at a time, without retries."""

    def __init__(self, settings: ModelSettings, *, now: Now = utc_now) -> None:
        """Raise ConfigError for a setting that is wrong."""
        if ".." in settings.model or not _MODEL.fullmatch(settings.model):
            raise ConfigError(
                f"{settings.name!r} names no model of {_NAME}", f"write it as {_NAME}/NAME"
            )
        super().__init__(settings)
        self._api_version = settings.options.get(API_VERSION, _VERSIONS[0])
        if self._api_version not in _VERSIONS:
            raise ConfigError(
                f"{API_VERSION} of {settings.name} is {self._api_version!r}",
                f"set it to one of {', '.join(_VERSIONS)}",
            )
        self._now = now

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        """Make one call; the answer counts as soon as the model said that it is at its end."""
        try:
            from google import genai  # noqa: PLC0415 - heavy, and an extra: who calls it pays for it
        except ImportError:
            return no_package(_PACKAGE, _REQUIREMENT)
        if not genai.__version__.startswith(_MAJOR):
            return no_package(_PACKAGE, _REQUIREMENT, genai.__version__)

        limits = self._settings.time_limits
        headers: dict[str, str] = {}
        message = Message()
        try:
            with self.client(secret) as http:
                http.event_hooks["response"].append(lambda reply: headers.update(reply.headers))
                for chunk in self._stream(self._client(http, secret), join(request)):
                    message.take(chunk)
            alien = genai.errors.UnknownApiResponseError()
            failure = cut() if message.has_begun else broken(alien, limits)
        except genai.errors.APIError as error:
            now = self._now()
            failure = refused(error, secret, limit_hint(headers, now), now)
        except Exception as error:  # noqa: BLE001 - an SDK may raise anything for odd bytes
            failure = broken(error, limits)
        # What has arrived whole is not asked and paid for again, whatever came after it.
        return message.result(self.name, secret, limit_hint(headers, self._now())) or failure

    def _client(self, http: "httpx2.Client", secret: str | None) -> "genai.Client":
        """The SDK, told all that it would look up in the environment."""
        import httpx2  # noqa: PLC0415 - as above
        from google import genai  # noqa: PLC0415 - as above
        from google.genai.client import DebugConfig  # noqa: PLC0415 - as above

        def before(request: httpx2.Request) -> None:
            # The SDK takes one number for all timeouts, and without it switches the client's off.
            request.extensions = {**request.extensions, "timeout": http.timeout.as_dict()}
            if not secret:
                del request.headers["x-goog-api-key"]

        http.event_hooks["request"].append(before)
        # No argument settles this one; it only names a library, which need not be installed.
        os.environ.pop("GOOGLE_GENAI_HTTP_CLIENT", None)
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return genai.Client(
            enterprise=False,
            api_key=secret or _NO_KEY,
            debug_config=DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
            http_options=genai.types.HttpOptions(
                base_url=self._settings.base_url or _OWN_SERVICE,
                api_version=self._api_version,
                retry_options=genai.types.HttpRetryOptions(attempts=1),
                httpx_client=http,
                # For its asynchronous half it would load certificates and proxies.
                httpx_async_client=httpx2.AsyncClient(verify=nobody, trust_env=False),
                async_client_args={"ssl": nobody},
            ),
        )

    def _stream(
        self, client: "genai.Client", prompt: Prompt
    ) -> "Iterator[genai.types.GenerateContentResponse]":
        """Send the request; what stays the same is a part of its own, ahead of what does not."""
        from google.genai import types  # noqa: PLC0415 - as above

        # A reason that is newer than the SDK is read all the same, and no fault of the user's.
        warnings.filterwarnings(
            "ignore", r".* is not a valid \w+$", UserWarning, r"google\.genai\._common"
        )
        texts = filter(None, (prompt.stable, prompt.fresh))  # an empty part is an invalid request
        return client.models.generate_content_stream(
            model=self._settings.model,
            contents=types.Content(role="user", parts=[types.Part(text=text) for text in texts]),
            config=types.GenerateContentConfig(
                system_instruction=prompt.system,
                max_output_tokens=self._settings.max_output_tokens,
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                # It would ask again where an answer is long or a stream breaks.
                automatic_continuation=False,
            ),
        )


def _build(settings: ModelSettings, _environ: Mapping[str, str]) -> GeminiModel:
    return GeminiModel(settings)


PROVIDER = Provider(
    _NAME,
    _build,
    requirement=_REQUIREMENT,
    module="google.genai",
    key_variable="GEMINI_API_KEY",
    base_url_variable="GOOGLE_GEMINI_BASE_URL",
)
