"""The kinds of value that a setting may have: each reads one, or says what it must be."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

Value = str | int | Decimal | bool | tuple[str, ...]

_LEAST_SECONDS = Decimal("0.001")
_MOST_SECONDS = 24 * 3600
_MOST_TOKENS = 100_000_000
_MOST_DOLLARS = 1_000_000
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True, slots=True)
class ValueKind:
    """`read` gives the value, or None for one that is none; `what` completes "must be ..."."""

    read: Callable[[object], Value | None]
    what: str


def _text(value: object) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    return text if text and text.isprintable() else None


def _url(value: object) -> str | None:
    text = _text(value) or ""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        return None
    is_plain = not set("@?#\\ ") & set(text)
    return text if has_host and is_plain and parts.scheme in {"http", "https"} else None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() and number >= 0 else None


def _whole(value: object) -> int | None:
    number = _number(value)
    # The range first: as an int, 1e999999 would take minutes.
    if number is None or not 1 <= number <= _MOST_TOKENS or number != int(number):
        return None
    return int(number)


def _seconds(value: object) -> Decimal | None:
    number = _number(value)
    return number if number is not None and _LEAST_SECONDS <= number <= _MOST_SECONDS else None


def _dollars(value: object) -> Decimal | None:
    number = _number(value)
    return number if number is not None and number <= _MOST_DOLLARS else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _argv(value: object) -> tuple[str, ...] | None:
    words = value if isinstance(value, list) else []
    is_argv = all(isinstance(word, str) and "\0" not in word for word in words)
    return tuple(words) if is_argv and any(words[:1]) else None


def _variable(value: object) -> str | None:
    return value if isinstance(value, str) and _VARIABLE.fullmatch(value) else None


def _variables(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list) and all(_variable(name) is not None for name in value):
        return tuple(value)
    return None


def _output(value: object) -> str | None:
    return str(value) if value in ("text", "json") else None


def _date(value: object) -> str | None:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return None


TEXT = ValueKind(_text, "a text that is not empty")
MODEL_NAME = ValueKind(_text, "the name of a model, such as embedded or anthropic/NAME")
URL = ValueKind(_url, "a URL such as http://localhost:8080/v1, without user, password, '?' and '#'")
TOKENS = ValueKind(_whole, f"a whole number of tokens from 1 to {_MOST_TOKENS:,}")
SECONDS = ValueKind(_seconds, f"a number of seconds from {_LEAST_SECONDS} to {_MOST_SECONDS:,}")
DOLLARS = ValueKind(_dollars, f"a number of US dollars from 0 to {_MOST_DOLLARS:,}")
FLAG = ValueKind(_flag, "true or false")
ARGV = ValueKind(_argv, "a list of texts: a program and its arguments")
VARIABLE = ValueKind(_variable, "the name of an environment variable, never its value")
VARIABLES = ValueKind(_variables, "a list of names of environment variables, never their values")
OUTPUT = ValueKind(_output, "text or json")
DATE = ValueKind(_date, "a date such as 2026-01-31")
