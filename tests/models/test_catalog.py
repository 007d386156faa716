import importlib
import pathlib
import sys
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from agentos.core.calls import Model
from agentos.core.config.kinds import Value
from agentos.core.config.schema import Path
from agentos.core.config.settings import Setting, Settings
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.core.installation import install_command
from agentos.core.model_settings import (
    DEFAULT_INPUT_TOKENS,
    DEFAULT_OUTPUT_TOKENS,
    CommandSettings,
    ModelSettings,
    TimeLimits,
)
from agentos.core.providers import Provider
from agentos.models.catalog import (
    ChosenModel,
    check_names,
    check_package,
    choose,
    credentials_for,
    missing_package,
    needs_key,
)
from agentos.models.registry import installed

REPOSITORY = pathlib.Path(__file__).parents[2]
KEY = "sk-ant-api03-Zm9vYmFy"


def settings(values: Mapping[Path, Value] | None = None) -> Settings:
    return Settings([[Setting(path, value, "x.toml") for path, value in (values or {}).items()]])


def model(name: str, values: Mapping[Path, Value] | None = None) -> ChosenModel:
    return choose(name, settings(values), installed())


def refused(name: str, values: Mapping[Path, Value] | None = None) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        model(name, values)
    return str(caught.value), caught.value.hint


def build(_settings: ModelSettings, _environ: Mapping[str, str]) -> Model:
    raise NotImplementedError


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> dict[str, EntryPoint]:
    """What is installed, and three providers of somebody else's."""
    module = ModuleType("acme_models")
    vars(module).update(
        ACME=Provider("acme", build),
        ONE=Provider("one", build, needs_key=False, has_one_model=True),
        LIAR=Provider("openai", build),
    )
    monkeypatch.setitem(sys.modules, "acme_models", module)
    return installed() | {
        name: EntryPoint(name, f"acme_models:{name.upper()}", "agentos.models")
        for name in ("acme", "one", "liar")
    }


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["embedded", "anthropic/x", "openai/Qwen/Qwen2.5-7B:free", "gemini/x", "command/claude"]
)
def test_our_own_providers_are_found(name: str) -> None:
    chosen = model(name)
    assert chosen.settings.name == name
    assert chosen.provider.name == name.partition("/")[0]
    assert chosen.settings.entry_point == installed()[chosen.provider.name].value


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("opnai/x", "there is no provider 'opnai' of models", "is openai meant?"),
        ("OpenAI/x", "there is no provider of models", "is openai meant?"),
        ("Embedded", "there is no provider of models", "is embedded meant?"),
        ("embeded", "there is no provider 'embeded' of models", "is embedded meant?"),
        ("mistral/x", "there is no provider 'mistral' of models", "there are: anthropic, command"),
        ("/x", "there is no provider of models", "there are: anthropic"),
        ("embedded/x", "embedded has one model", "write embedded, nothing more"),
        ("embedded/", "embedded has one model", "write embedded, nothing more"),
        ("anthropic", "anthropic names a provider and no model", "write anthropic/NAME"),
        ("anthropic/", "anthropic names a provider and no model", "write anthropic/NAME"),
        ("command", "command names a provider and no model", "write command/NAME"),
    ],
)
def test_a_wrong_name_is_told_with_what_is_meant(name: str, said: str, hint: str) -> None:
    sentence, found = refused(name)
    assert sentence == said
    assert found.startswith(hint)


def test_it_is_said_where_to_look_for_a_wrong_name() -> None:
    assert "`agentos config show` says where" in refused("mistral/x")[1]


@pytest.mark.parametrize(
    "key", [KEY, f"{KEY}/x", "AIzaSyD-1234567890abcdefghijklmnopqrstu", "0" * 32]
)
def test_a_key_in_the_place_of_a_name_is_not_repeated(key: str) -> None:
    assert key not in str(refused(key))
    assert key[:12] not in str(refused(key))


def test_a_third_party_is_found_as_we_are(third_party: dict[str, EntryPoint]) -> None:
    chosen = choose("acme/large", settings(), third_party)
    assert chosen.provider.name == "acme"
    assert chosen.account == "acme"
    assert chosen.settings == ModelSettings("acme/large", "acme_models:ACME")
    assert choose("one", settings(), third_party).settings.name == "one"


def test_a_third_party_may_not_pass_for_another(third_party: dict[str, EntryPoint]) -> None:
    with pytest.raises(ConfigError, match="installed as liar calls itself openai"):
        choose("liar/x", settings(), third_party)


@pytest.mark.parametrize("value", ["acme_models:GONE", "acme_models.gone:X", "os:sep"])
def test_a_third_party_that_is_broken_is_told(
    third_party: dict[str, EntryPoint], value: str
) -> None:
    entries = {"acme": EntryPoint("acme", value, "agentos.models")}
    with pytest.raises(ConfigError, match="model provider"):
        choose("acme/x", settings(), entries)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (("providers", "opnai", "base_url"), "openai"),
        (("providers", "Anthropic", "idle_timeout"), "anthropic"),
        (("models", "antropic/x", "idle_timeout"), "anthropic"),
        (("models", "embeded", "idle_timeout"), "embedded"),
    ],
)
def test_settings_of_a_misspelt_provider_are_told(path: Path, meant: str) -> None:
    with pytest.raises(ConfigError, match=r"^x\.toml: there is no provider for \w+\.") as caught:
        check_names(settings({path: 7}), installed())
    assert caught.value.hint == f"is {meant} meant?"


def test_settings_of_others_are_let_be() -> None:
    others: Mapping[Path, Value] = {
        ("drafter",): "opnai/x",  # whoever asks for it is told
        ("providers", "mistral", "base_url"): "http://localhost",  # is not installed here
        ("providers", "openai", "base_url"): "http://localhost",
        ("models", "openai/gtp", "idle_timeout"): 7,
        ("commands", "opnai", "idle_timeout"): 7,
        ("prices", "opnai/x", "input"): Decimal(3),
    }
    check_names(settings(others), installed())


# --- settings ------------------------------------------------------------------------------------


def test_defaults_count_where_nothing_is_set() -> None:
    assert model("openai/x").settings == ModelSettings("openai/x", installed()["openai"].value)
    found = model("openai/x").settings
    assert (found.max_input_tokens, found.max_output_tokens) == (
        DEFAULT_INPUT_TOKENS,
        DEFAULT_OUTPUT_TOKENS,
    )


def test_what_is_said_of_the_model_counts_before_its_provider() -> None:
    found = model(
        "openai/a/b",
        {
            ("providers", "openai", "base_url"): "http://localhost:9/v1",
            ("providers", "openai", "max_input_tokens"): 1000,
            ("providers", "openai", "max_output_tokens"): 2000,
            ("providers", "openai", "idle_timeout"): Decimal("1.5"),
            ("providers", "openai", "total_timeout"): Decimal(30),
            ("providers", "openai", "output_limit_field"): "max_tokens",
            ("providers", "anthropic", "connect_timeout"): Decimal(99),
            ("models", "openai/a/b", "max_output_tokens"): 3000,
            ("models", "openai/a/b", "idle_timeout"): Decimal("2.5"),
            ("models", "openai/a/b", "output_limit_field"): "max_completion_tokens",
            ("models", "openai/a", "max_output_tokens"): 99,
            ("commands", "a/b", "max_input_tokens"): 99,
        },
    ).settings
    assert found.base_url == "http://localhost:9/v1"
    assert (found.max_input_tokens, found.max_output_tokens) == (1000, 3000)
    assert found.time_limits == TimeLimits(connect=10.0, idle=2.5, total=30.0)
    assert found.options == {"output_limit_field": "max_completion_tokens"}
    assert found.command is None


def test_a_command_stands_between_model_and_provider() -> None:
    found = model(
        "command/mine",
        {
            ("providers", "command", "idle_timeout"): Decimal(1),
            ("providers", "command", "total_timeout"): Decimal(2),
            ("providers", "command", "max_input_tokens"): 3,
            ("commands", "mine", "total_timeout"): Decimal(4),
            ("commands", "mine", "max_input_tokens"): 5,
            ("commands", "mine", "argv"): ("mine", "-"),
            ("commands", "mine", "output"): "json",
            ("commands", "mine", "key_variable"): "MINE_KEY",
            ("commands", "mine", "keep"): ("MINE_HOME",),
            ("models", "command/mine", "max_input_tokens"): 6,
        },
    )
    assert found.settings.time_limits == TimeLimits(idle=1, total=4)
    assert found.settings.max_input_tokens == 6
    assert found.settings.command == CommandSettings(
        ("mine", "-"), "json", "MINE_KEY", ("MINE_HOME",)
    )
    assert found.account == "command/mine"


def test_a_preset_takes_options_and_no_command() -> None:
    found = model(
        "command/gemini",
        {
            ("commands", "gemini", "allow_tools"): True,
            ("commands", "gemini", "model"): "pro",
            ("commands", "claude", "model"): "other",
        },
    )
    assert found.settings.command is None
    assert found.settings.options == {"allow_tools": "true", "model": "pro"}
    assert found.account == "command/gemini"


def test_a_version_of_the_api_reaches_its_adapter() -> None:
    values: Mapping[Path, Value] = {("models", "gemini/x-latest", "api_version"): "v1beta"}
    assert model("gemini/x-latest", values).settings.options == {"api_version": "v1beta"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {("commands", "claude", "keep"): ("A",), ("commands", "claude", "output"): "text"},
            "commands.claude sets output, keep, but no argv",
        ),
        (
            {("commands", "claude", "argv"): ("claude",), ("commands", "claude", "model"): "opus"},
            "commands.claude sets both argv and model",
        ),
    ],
)
def test_what_would_not_count_is_told(values: Mapping[Path, Value], said: str) -> None:
    sentence, hint = refused("command/claude", values)
    assert sentence == said
    assert "argv" in hint


# --- packages ------------------------------------------------------------------------------------


def absent(module: str) -> ChosenModel:
    provider = Provider("acme", build, requirement="acme-sdk>=2,<3", module=module)
    return ChosenModel(ModelSettings("acme/x"), provider)


@pytest.mark.parametrize("module", ["acme_sdk_that_is_not_there", "acme_not_there.models"])
def test_a_missing_package_is_told_with_what_brings_it(module: str) -> None:
    chosen = absent(module)
    assert missing_package(chosen.provider) == "acme-sdk>=2,<3"
    with pytest.raises(
        ConfigError, match=r"^acme/x needs a package that is missing or of another version$"
    ) as caught:
        check_package(chosen.provider, "acme/x")
    assert caught.value.hint == f"type: {install_command('acme-sdk>=2,<3')}"


@pytest.mark.parametrize("module", ["", "json", "importlib.metadata"])
def test_a_package_that_is_there_is_found_without_a_word(module: str) -> None:
    check_package(absent(module).provider, "acme/x")
    assert missing_package(absent(module).provider) == ""


@pytest.mark.parametrize(
    ("version", "fits"),
    [("1.99.0", False), ("2.0.0", True), ("2.99.1", True), ("3.0.0", False), ("dev", True)],
)
def test_another_major_version_is_told_before_a_run(
    monkeypatch: pytest.MonkeyPatch, version: str, fits: bool
) -> None:
    versions = {"acme-sdk": version}
    monkeypatch.setattr("agentos.models.catalog.version", versions.__getitem__)
    chosen = absent("json")
    assert missing_package(chosen.provider) == ("" if fits else "acme-sdk>=2,<3")
    if not fits:
        with pytest.raises(ConfigError, match="of another version") as caught:
            check_package(chosen.provider, "acme/x")
        assert caught.value.hint == f"type: {install_command('acme-sdk>=2,<3')}"


def test_of_another_kind_of_requirement_nothing_is_read() -> None:
    odd = Provider("acme", build, requirement="acme-sdk[http]~=2.1", module="json")
    assert missing_package(odd) == ""


@pytest.mark.parametrize("name", ["anthropic", "gemini", "openai"])
def test_extra_requirement_and_the_major_that_an_adapter_takes_agree(name: str) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    adapter = importlib.import_module(f"agentos.models.{name}")
    requirement: str = adapter.PROVIDER.requirement
    assert project["optional-dependencies"][name] == [requirement]
    major = int(adapter._MAJOR.removesuffix("."))
    assert f"{major}." == adapter._MAJOR
    assert requirement.endswith(f">={major},<{major + 1}")


# --- credentials ---------------------------------------------------------------------------------

ANTHROPIC = Credential("a", "key-a", "anthropic", 2)
OPENAI = Credential("o", "key-o", "openai")
SPARE = Credential("o2", "key-o2", "openai")
CLAUDE = Credential("c", "key-c", "command/claude")
NOBODYS = Credential("n", "key-n")
ALL = (NOBODYS, ANTHROPIC, OPENAI, SPARE, CLAUDE)
LOCAL: Mapping[Path, Value] = {("providers", "openai", "base_url"): "http://localhost:9/v1"}


@pytest.mark.parametrize(
    ("drafter", "reviewer", "lent"),
    [
        ("anthropic/x", "openai/x", [ANTHROPIC, OPENAI, SPARE]),
        ("openai/x", "openai/y", [OPENAI, SPARE]),
        ("command/claude", "anthropic/x", [CLAUDE, ANTHROPIC]),
        ("command/llm", "command/claude", [Credential("command/llm", None, "command/llm"), CLAUDE]),
        ("embedded", "embedded", [Credential("n", "key-n", "embedded")]),
        ("embedded", "openai/x", [Credential("n", "key-n", "embedded"), OPENAI, SPARE]),
    ],
)
def test_a_key_goes_to_whom_it_names_and_to_nobody_else(
    drafter: str, reviewer: str, lent: list[Credential]
) -> None:
    assert credentials_for([model(drafter), model(reviewer)], ALL) == lent


def test_who_needs_no_key_runs_without() -> None:
    for name in ("embedded", "command/claude"):
        assert not needs_key(model(name))
        assert credentials_for([model(name)], [ANTHROPIC]) == [Credential(name, None, name)]


def test_a_server_of_the_users_own_needs_no_key_but_is_given_one_that_is_there() -> None:
    local = model("openai/x", LOCAL)
    assert not needs_key(local)
    assert credentials_for([local], [NOBODYS]) == [Credential("openai", None, "openai")]
    assert credentials_for([local], [SPARE]) == [SPARE]


def test_a_key_without_a_provider_is_for_no_third_party(
    third_party: dict[str, EntryPoint],
) -> None:
    chosen = choose("one", settings(), third_party)
    assert credentials_for([chosen], [NOBODYS]) == [Credential("one", None, "one")]


@pytest.mark.parametrize(
    ("configured", "hint"),
    [
        ((), "type: agentos credentials add gemini (or set GEMINI_API_KEY)"),
        ((OPENAI,), "type: agentos credentials add gemini (or set GEMINI_API_KEY)"),
        ((OPENAI, NOBODYS), "n names no provider: if it is a key for gemini, say so beside it"),
        ((Credential("g", "k", "Gemni"),), "g names Gemni: is gemini meant?"),
    ],
)
def test_a_missing_key_is_told_with_what_to_do(
    configured: tuple[Credential, ...], hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        credentials_for([model("embedded"), model("gemini/x")], configured)
    assert str(caught.value) == "gemini/x needs a key, and no credential names gemini"
    assert caught.value.hint == hint


def test_a_provider_without_a_variable_has_a_hint_all_the_same(
    third_party: dict[str, EntryPoint],
) -> None:
    with pytest.raises(ConfigError, match="acme/x needs a key") as caught:
        credentials_for([choose("acme/x", settings(), third_party)], [])
    assert caught.value.hint == "type: agentos credentials add acme"


def test_a_secret_that_can_be_no_key_is_told_once_it_is_asked_for() -> None:
    broken = Credential("OPENAI_API_KEY", f"Bearer {KEY}", "openai")
    assert credentials_for([model("anthropic/x")], [broken, ANTHROPIC]) == [ANTHROPIC]
    with pytest.raises(ConfigError, match="OPENAI_API_KEY: the secret holds a space") as caught:
        credentials_for([model("openai/x")], [broken])
    assert KEY not in f"{caught.value!r} {caught.value.hint}"


def test_a_credential_may_not_be_called_as_one_without_a_key_is() -> None:
    odd = Credential("openai", "key", "anthropic")
    with pytest.raises(ConfigError, match="a credential for anthropic is called openai"):
        credentials_for([model("anthropic/x"), model("openai/x", LOCAL)], [odd])
