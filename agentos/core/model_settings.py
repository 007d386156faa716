"""How one model is reached and what it may take: all that an adapter is made from, no secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_OUTPUT_TOKENS = 16_000
DEFAULT_INPUT_TOKENS = 100_000


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds for the connection, for a silence in the middle, and for the whole call."""

    connect: float = 10.0
    idle: float = 120.0
    total: float = 900.0


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """A program that takes a prompt on stdin.

    `argv` is what is executed, none of it a secret. `output` is `text` or `json`. `key_variable`
    is where the program looks for its key, empty where it has a login of its own; `keep` names
    further variables of the environment that it needs.
    """

    argv: tuple[str, ...]
    output: str = "text"
    key_variable: str = ""
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`name` is the full name; `entry_point` (`module:attribute`) finds its provider.

    `max_input_tokens` is what a prompt is cut to, `max_output_tokens` what one answer may have.
    `base_url` is None for the provider's own service. `options` are a provider's further settings.
    """

    name: str
    entry_point: str = "agentos.models.embedded:PROVIDER"
    base_url: str | None = None
    max_input_tokens: int = DEFAULT_INPUT_TOKENS
    max_output_tokens: int = DEFAULT_OUTPUT_TOKENS
    time_limits: TimeLimits = TimeLimits()
    command: CommandSettings | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def limits(self) -> Mapping[str, float]:
        """Tokens and seconds, by the names that they have in a config file."""
        return {
            "max_input_tokens": self.max_input_tokens,
            "max_output_tokens": self.max_output_tokens,
            "connect_timeout": self.time_limits.connect,
            "idle_timeout": self.time_limits.idle,
            "total_timeout": self.time_limits.total,
        }

    @property
    def model(self) -> str:
        """The name at the provider: what follows the first slash, empty if nothing does."""
        return self.name.partition("/")[2]
