"""The settings that there are: one list, from which values are checked and texts are made.

The commented file of `agentos init` and the reference of the docs come from here as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agentos.core.config import kinds
from agentos.core.config.kinds import ValueKind
from agentos.core.model_settings import (
    DEFAULT_INPUT_TOKENS,
    DEFAULT_OUTPUT_TOKENS,
    TimeLimits,
)

ROLES = ("drafter", "reviewer")
"""Who is asked in the course of an item; each setting of that name is a model."""


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """`meaning` and `default` are for people; `example` is a value as TOML writes it."""

    kind: ValueKind
    meaning: str
    example: str
    default: str = "none"


@dataclass(frozen=True, slots=True)
class KnownTable:
    """Tables such as `[providers.openai]`; `heading` is one of them, `settings` what they hold."""

    heading: str
    meaning: str
    settings: Mapping[str, KnownSetting]


_DEFAULT_TIMES = TimeLimits()

_OF_ANY_MODEL = {
    "max_input_tokens": KnownSetting(
        kinds.TOKENS,
        "tokens that a prompt is fitted to",
        "100_000",
        f"{DEFAULT_INPUT_TOKENS:,}",
    ),
    "max_output_tokens": KnownSetting(
        kinds.TOKENS,
        "tokens of one answer, thoughts included",
        "16_000",
        f"{DEFAULT_OUTPUT_TOKENS:,}",
    ),
    "connect_timeout": KnownSetting(
        kinds.SECONDS, "seconds until there is a connection", "10", f"{_DEFAULT_TIMES.connect:g}"
    ),
    "idle_timeout": KnownSetting(
        kinds.SECONDS,
        "seconds of silence within a call",
        "120",
        f"{_DEFAULT_TIMES.idle:g}",
    ),
    "total_timeout": KnownSetting(
        kinds.SECONDS, "seconds for one call", "900", f"{_DEFAULT_TIMES.total:g}"
    ),
}
_OF_SERVICES = _OF_ANY_MODEL | {
    "output_limit_field": KnownSetting(
        kinds.TEXT,
        "for `openai`: the field of the output limit",
        '"max_tokens"',
        "`max_completion_tokens` for OpenAI's hosts, else `max_tokens`",
    ),
    "api_version": KnownSetting(
        kinds.TEXT, "for `gemini`: `v1`, `v1beta` or `v1alpha`", '"v1beta"', "`v1`"
    ),
}

SETTINGS: Mapping[str, KnownSetting] = {
    "drafter": KnownSetting(
        kinds.MODEL_NAME, "the model that writes", '"anthropic/NAME"', "`embedded`"
    ),
    "reviewer": KnownSetting(
        kinds.MODEL_NAME, "the model that judges", '"openai/NAME"', "the drafter"
    ),
    "budget": KnownSetting(kinds.DOLLARS, "US dollars that a batch may cost", "10", "no limit"),
    "max_tokens": KnownSetting(
        kinds.TOKENS, "tokens, in and out, that a batch may take", "2_000_000", "no limit"
    ),
}
"""What stands at the top of a file."""

TABLES: Mapping[str, KnownTable] = {
    "providers": KnownTable(
        "[providers.openai]",
        "for all models of a provider",
        {
            "base_url": KnownSetting(
                kinds.URL,
                "where its models are",
                '"http://localhost:8080/v1"',
                "the provider's",
            )
        }
        | _OF_SERVICES,
    ),
    "models": KnownTable('[models."openai/NAME"]', "for one model", _OF_SERVICES),
    "commands": KnownTable(
        "[commands.NAME]",
        "for `command/NAME`: a program that takes a prompt on stdin",
        {
            "argv": KnownSetting(
                kinds.ARGV,
                "the program and its arguments",
                '["/usr/local/bin/mine", "-q"]',
                "the preset's",
            ),
            "output": KnownSetting(
                kinds.OUTPUT, "with `argv`: `text` or `json`", '"json"', "`text`"
            ),
            "key_variable": KnownSetting(
                kinds.VARIABLE,
                "with `argv`: the variable that it looks for its key in",
                '"MINE_API_KEY"',
            ),
            "keep": KnownSetting(
                kinds.VARIABLES,
                "with `argv`: further variables that it gets",
                '["MINE_CONFIG"]',
                "`[]`",
            ),
            "allow_tools": KnownSetting(
                kinds.FLAG,
                "let a preset run whose tools cannot be switched off",
                "true",
                "`false`",
            ),
            "model": KnownSetting(
                kinds.TEXT,
                "for a preset: the model that it uses",
                '"sonnet"',
                "the tool's own",
            ),
        }
        | _OF_ANY_MODEL,
    ),
    "prices": KnownTable(
        '[prices."openai/NAME"]',
        "what a model costs, in US dollars per million tokens",
        {
            "input": KnownSetting(kinds.DOLLARS, "tokens in", "1.25"),
            "output": KnownSetting(kinds.DOLLARS, "tokens out", "10.00"),
            "cached": KnownSetting(
                kinds.DOLLARS, "tokens read from the prompt cache", "0.125", "as `input`"
            ),
            "cache_write": KnownSetting(
                kinds.DOLLARS,
                "tokens written to the prompt cache; a budget for `anthropic` needs it",
                "1.56",
            ),
        },
    ),
}

PRICE_DATE = KnownSetting(kinds.DATE, "as of when the prices are", "2026-01-31")
"""`date` in `[prices]`, beside the tables of the models."""
