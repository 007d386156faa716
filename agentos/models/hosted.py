"""What the adapters of model services have in common."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from agentos.core.calls import Request, Usage
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings
from agentos.models.prompt import bound, join
from agentos.models.transport import guarded_client

if TYPE_CHECKING:
    import httpx2


class HostedModel:
    """A model of a service that takes a prompt and an output limit."""

    def __init__(self, settings: ModelSettings) -> None:
        """Raise ConfigError for settings that name no model."""
        self._settings = settings
        if not settings.model:
            raise ConfigError(
                f"{settings.name!r} names no model", f"write it as {self.provider}/NAME"
            )

    @property
    def name(self) -> str:
        """The full name, `PROVIDER/NAME`."""
        return self._settings.name

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._settings.name.partition("/")[0]

    def client(self, secret: str | None) -> AbstractContextManager["httpx2.Client"]:
        """An HTTP client for one call with the secret, bounded by the settings."""
        return guarded_client(
            self._settings.time_limits,
            secret=secret,
            max_output_tokens=self._settings.max_output_tokens,
        )

    def bound(self, request: Request) -> Usage:
        """The most that a call can cost; thoughts count as output."""
        return bound(join(request), self._settings.max_output_tokens)
