"""Each kind of value through a setting that has it, as files, variables and flags hand it in."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.config.kinds import Value
from agentos.core.config.schema import Path, checked
from agentos.core.errors import ConfigError

KEY = "sk-ant-api03-Zm9vYmFy/+="

URL = ("providers", "openai", "base_url")
IDLE = ("providers", "openai", "idle_timeout")
ARGV = ("commands", "mine", "argv")
VARIABLE = ("commands", "mine", "key_variable")
KEEP = ("commands", "mine", "keep")
OUTPUT = ("commands", "mine", "output")
TOOLS = ("commands", "mine", "allow_tools")
PRICE = ("prices", "openai/x", "input")
DATE = ("prices", "date")
DRAFTER, BUDGET, TOKENS = ("drafter",), ("budget",), ("max_tokens",)


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        (DRAFTER, " anthropic/NAME\n", "anthropic/NAME"),
        (BUDGET, "0.10", Decimal("0.10")),
        (BUDGET, Decimal("0.1"), Decimal("0.1")),
        (BUDGET, 5, Decimal(5)),
        (BUDGET, 0, Decimal(0)),
        (BUDGET, 1_000_000, Decimal(1_000_000)),
        (TOKENS, 1, 1),
        (TOKENS, "100_000_000", 100_000_000),
        (TOKENS, Decimal("2e3"), 2000),
        (IDLE, Decimal("0.5"), Decimal("0.5")),
        (IDLE, 86_400, Decimal(86_400)),
        (PRICE, Decimal("0.075"), Decimal("0.075")),
        (PRICE, 0, Decimal(0)),
        (URL, " http://localhost:8080/v1 ", "http://localhost:8080/v1"),
        (URL, "https://gateway.example", "https://gateway.example"),
        (URL, "http://[::1]:8000/v1/", "http://[::1]:8000/v1/"),
        (ARGV, ["claude", "--tools", ""], ("claude", "--tools", "")),
        (ARGV, ["sh", "-c", "cat\necho"], ("sh", "-c", "cat\necho")),
        (VARIABLE, "My_KEY_2", "My_KEY_2"),
        (KEEP, [], ()),
        (KEEP, ["A", "B"], ("A", "B")),
        (OUTPUT, "json", "json"),
        (TOOLS, False, False),
        (TOOLS, True, True),
        (DATE, "2026-01-31", "2026-01-31"),
        (DATE, date(2026, 1, 31), "2026-01-31"),
    ],
)
def test_a_value_is_read(path: Path, value: object, read: Value) -> None:
    found = checked(path, value, "x")
    assert found == read
    assert type(found) is type(read)


NUMBERS = (
    "",
    "many",
    "nan",
    "-nan",
    "snan",
    "inf",
    "-inf",
    "-1",
    "1e999999999",
    "1e9999999999999999999999",
    "0x10",
    "1,5",
    "9" * 5000,
    -1,
    10**5000,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("-0.01"),
    True,
    False,
    [1],
    {"a": 1},
    None,
)
TEXTS: tuple[object, ...] = ("", "  ", "a\nb", "\x1b[2J", "a\0", 7, True, ["a"], {}, None)
URLS = (
    *TEXTS,
    KEY,
    "localhost:8080",
    "//localhost",
    "ftp://localhost",
    "file:///etc/passwd",
    "http://",
    "http:///v1",
    "http://:8080",
    "http://host:port",
    "http://host:0",
    "http://host:99999",
    "http://[::1",
    "http://a b/",
    f"https://user:{KEY}@host/",
    "https://user@host/",
    r"https:\\user:pw@host",
    r"https://host\@elsewhere",
    f"https://host/?key={KEY}",
    "https://host/#part",
)


@pytest.mark.parametrize(
    ("path", "what", "values"),
    [
        (DRAFTER, "the name of a model, such as embedded or anthropic/NAME", TEXTS),
        (BUDGET, "a number of US dollars from 0 to 1,000,000", (*NUMBERS, "1000000.01")),
        (PRICE, "a number of US dollars from 0 to 1,000,000", (*NUMBERS, 10**7)),
        (
            TOKENS,
            "a whole number of tokens from 1 to 100,000,000",
            (*NUMBERS, 0, "0", "0.5", Decimal("1.5"), 100_000_001),
        ),
        (IDLE, "a number of seconds from 0.001 to 86,400", (*NUMBERS, 0, "1e-999", "86400.1")),
        (URL, "a URL such as http://localhost:8080/v1, without user, password, '?' and", URLS),
        (
            ARGV,
            "a list of texts: a program and its arguments",
            ("cat", 7, None, {}, [], ["", "x"], ["a", 1], ["a", "\0"]),
        ),
        (VARIABLE, "the name of an environment variable, never", (*TEXTS, KEY, "1A", "A=B", " A")),
        (KEEP, "a list of names of environment variables, never", ("PATH", [KEY], [1], {}, None)),
        (OUTPUT, "text or json", (*TEXTS, "JSON", "xml")),
        (TOOLS, "true or false", ("true", 1, 0, None, [])),
        (DATE, "a date", (*TEXTS, "soon", "2026", "2026-13-01", datetime(2026, 1, 1), {"a": 1})),  # noqa: DTZ001
    ],
)
def test_another_kind_is_told_by_what_it_must_be(
    path: Path, what: str, values: tuple[object, ...]
) -> None:
    for value in values:
        with pytest.raises(ConfigError) as caught:
            checked(path, value, "--it")
        said = f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"
        assert said.startswith(f"--it must be {what}"), value
        assert KEY not in said


@given(st.integers(1, 100_000_000))
def test_a_whole_number_is_the_same_in_every_spelling(number: int) -> None:
    for spelling in (number, str(number), f" {number:_} ", Decimal(number), f"{number}.0"):
        assert checked(TOKENS, spelling, "x") == number


@given(st.decimals(0, 1_000_000, allow_nan=False, places=9))
def test_dollars_are_exact(amount: Decimal) -> None:
    assert checked(BUDGET, str(amount), "x") == amount
