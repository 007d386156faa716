from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.config import kinds
from agentos.core.config.kinds import Value
from agentos.core.config.known_settings import ROLES, SETTINGS
from agentos.core.config.schema import Path, dotted, needs_trust, settings_of
from agentos.core.config.toml_files import parse_toml
from agentos.core.errors import ConfigError

KEY = "sk-ant-api03-Zm9vYmFy"
OTHER = "AIzaSyD-1234567890abcdefghijklmnopqrstu"


def read(text: str) -> dict[Path, Value]:
    return dict(settings_of(parse_toml(text.encode(), "agentos.toml"), "agentos.toml"))


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    said = (str(caught.value), caught.value.hint)
    assert KEY not in f"{said} {caught.value.__cause__!r}"
    assert OTHER not in f"{said}"
    return said


def test_each_role_is_a_setting_that_names_a_model() -> None:
    assert tuple(name for name, one in SETTINGS.items() if one.kind is kinds.MODEL_NAME) == ROLES


def test_every_setting_is_found_by_its_path() -> None:
    text = """
    drafter = "openai/gpt-x"
    reviewer = "command/mine"
    budget = 2.50
    max_tokens = 1_000_000
    [providers.openai]
    base_url = "http://localhost:8080/v1"
    output_limit_field = "max_tokens"
    connect_timeout = 5
    [models."gemini/x-latest"]
    api_version = "v1beta"
    max_input_tokens = 8000
    max_output_tokens = 1000
    total_timeout = 30.5
    [commands.mine]
    argv = ["mine", "-"]
    output = "json"
    key_variable = "MINE_KEY"
    keep = ["MINE_HOME"]
    allow_tools = true
    model = "big"
    [prices]
    date = 2026-01-31
    [prices."openai/gpt-x"]
    input = 3.00
    output = "15"
    cached = 0.3
    cache_write = 3.75
    [[credential]]
    name = "read elsewhere"
    """
    assert read(text) == {
        ("drafter",): "openai/gpt-x",
        ("reviewer",): "command/mine",
        ("budget",): Decimal("2.5"),
        ("max_tokens",): 1_000_000,
        ("providers", "openai", "base_url"): "http://localhost:8080/v1",
        ("providers", "openai", "output_limit_field"): "max_tokens",
        ("providers", "openai", "connect_timeout"): Decimal(5),
        ("models", "gemini/x-latest", "api_version"): "v1beta",
        ("models", "gemini/x-latest", "max_input_tokens"): 8000,
        ("models", "gemini/x-latest", "max_output_tokens"): 1000,
        ("models", "gemini/x-latest", "total_timeout"): Decimal("30.5"),
        ("commands", "mine", "argv"): ("mine", "-"),
        ("commands", "mine", "output"): "json",
        ("commands", "mine", "key_variable"): "MINE_KEY",
        ("commands", "mine", "keep"): ("MINE_HOME",),
        ("commands", "mine", "allow_tools"): True,
        ("commands", "mine", "model"): "big",
        ("prices", "date"): "2026-01-31",
        ("prices", "openai/gpt-x", "input"): Decimal(3),
        ("prices", "openai/gpt-x", "output"): Decimal(15),
        ("prices", "openai/gpt-x", "cached"): Decimal("0.3"),
        ("prices", "openai/gpt-x", "cache_write"): Decimal("3.75"),
    }


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("draftr = 'x'", "there is no setting draftr", "is drafter meant?"),
        ("Max-Tokens = 1", "there is no setting Max-Tokens", "is max_tokens meant?"),
        ("[provider.openai]\nbase_url = 'x'", "there is no setting provider", "is providers meant"),
        ("[[credentials]]\nname = 'x'", "there is no setting credentials", "is credential meant?"),
        ("[openai]\nx = 1", "there is no setting openai", "there are: drafter, reviewer, budget"),
        ("'' = 1", 'there is no setting "..."', "there are: drafter"),
        (
            "[providers.openai]\nbaseurl = 'x'",
            "there is no setting providers.openai.baseurl",
            "is base_url meant?",
        ),
        ("[models.'a/b']\nbase_url = 'x'", 'no setting models."a/b".base_url', "there are: max_in"),
        ("[providers.openai]\nargv = ['x']", "no setting providers.openai.argv", "there are: base"),
        ("[providers.command]\nallow_tools = true", "providers.command.allow_tools", "there are"),
        ("[prices.'a/b']\ninputs = 1", 'no setting prices."a/b".inputs', "is input meant?"),
        ("[prices]\ndates = 2026-01-31", "prices.dates must be a table", '[prices."openai/NAME"]'),
        ("[prices.date]\ninput = 1", "prices.date must be a date such as", ""),
        ("providers = 7", "providers must be a table", "such as [providers.openai]"),
        ("models = []", "models must be a table", 'such as [models."openai/NAME"]'),
        ("[[commands]]\nargv = ['x']", "commands must be a table", "such as [commands.NAME]"),
        (
            "[models]\nmax_output_tokens = 7",
            "models.max_output_tokens must be a table",
            'such as [models."openai/NAME"]',
        ),
        (
            "[models.openai.'gpt-4.1']\nmax_output_tokens = 7",
            'there is no setting models.openai."gpt-4.1"',
            'quoted, as in [models."openai/NAME"]',
        ),
        (
            "[prices]\n[prices.'a/b']\nbudget = 5",
            ".budget",
            "budget belongs above the first [table]",
        ),
        ("[prices.openai.gpt]\ninput = 1", "no setting prices.openai.gpt", "is quoted, as in"),
        ("drafter.name = 'x'", "drafter must be the name of a model", ""),
        # Someone looks for the place of a key, or has mistaken it.
        (f"api_key = '{KEY}'", "there is no setting api_key", "no file of settings holds a key"),
        (f"[providers.openai]\napi-key = '{KEY}'", "providers.openai.api-key", "holds a key"),
        (f"[providers.openai]\ntoken = '{OTHER}'", "providers.openai.token", "holds a key"),
        (f"[providers.openai]\n{KEY} = 1", 'providers.openai."..."', "there are: base_url"),
        (f"{OTHER} = 1", 'there is no setting "..."', "there are: drafter"),
        (f"[providers.{OTHER}]\nurl = 'x'", 'providers."...".url', "there are: base_url"),
        (f"[models.'{OTHER}']\nmax_output_tokens = 0", 'models."...".max_output_tokens must', ""),
        (f"[models]\n{OTHER} = 1", 'models."..." must be a table', "such as"),
        (f"[commands.mine]\nkey_variable = '{KEY}'", "commands.mine.key_variable must be the", ""),
    ],
)
def test_what_is_none_is_told_with_what_is_meant(text: str, said: str, hint: str) -> None:
    sentence, found = refused(text)
    assert sentence.startswith("agentos.toml: ")
    assert said in sentence
    assert hint in found if hint else not found


def test_a_file_of_endless_tables_is_told() -> None:
    text = "[providers.openai" + ".a" * 5000 + "]\nb = 1"
    assert "there is no setting providers.openai.a" in refused(text)[0]


@pytest.mark.parametrize(
    ("path", "value", "asks"),
    [
        (("providers", "openai", "base_url"), "https://api.openai.com/v1", True),
        (("providers", "acme", "base_url"), "http://localhost", True),
        (("commands", "mine", "argv"), ("mine",), True),
        (("commands", "claude", "allow_tools"), True, True),
        (("commands", "claude", "idle_timeout"), Decimal(5), True),
        (("drafter",), "command/claude", True),
        (("reviewer",), "command/mine", True),
        (("drafter",), "embedded", False),
        (("reviewer",), "anthropic/command/x", False),
        (("budget",), Decimal(5), False),
        (("providers", "openai", "idle_timeout"), Decimal(5), False),
        (("models", "command/claude", "idle_timeout"), Decimal(5), False),
        (("prices", "openai/x", "input"), Decimal(0), True),
        (("prices", "openai/x", "cache_write"), Decimal(5), True),
        (("prices", "date"), "2026-01-31", False),
    ],
)
def test_a_project_asks_for_trust(path: Path, value: Value, asks: bool) -> None:
    assert needs_trust(path, value) is asks


def test_a_name_is_dotted_as_toml_writes_it() -> None:
    assert dotted(("drafter",)) == "drafter"
    assert dotted(("providers", "open-ai_2", "base_url")) == "providers.open-ai_2.base_url"
    assert dotted(("models", "openai/gpt-4.1", "x")) == 'models."openai/gpt-4.1".x'
    assert dotted(("models", 'a"\n\x1b', "x")) == r'models."a\"\n\u001b".x'
    assert dotted(("", "ключ")) == '""."ключ"'


# DEL may stand in no TOML; a screen shows it escaped.
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))))
def test_toml_reads_what_dotted_wrote(names: list[str]) -> None:
    path = ("models", *names)
    found: Any = parse_toml(f"{dotted(path)} = 7".encode(), "x")
    for name in path:
        assert list(found) == [name]
        found = found[name]
    assert found == 7
