import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from agentos.core.calls import Usage
from agentos.core.config.known_settings import ROLES
from agentos.core.config.settings import Settings
from agentos.core.config.trust import TrustStore
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError, TrustError
from agentos.core.installation import install_command
from agentos.core.items import Item, Kind
from agentos.core.paths import user_config_folder
from agentos.core.prices import Price
from agentos.workspace.configuration import Configuration, Layers, Limits, configure, read_layers
from agentos.workspace.project import open_project

KEY, OTHER = "sk-ant-api03-Zm9vYmFy", "AIzaSyD-1234567890abcdefghijklmnopqrstu"
PRICES = '[prices."openai/x"]\ninput = 3\noutput = 15\n'


def configured(project: Path, environ: Mapping[str, str], **flags: object) -> Configuration:
    return configure(read_layers(project, environ, flags), environ)


def refused(project: Path, environ: Mapping[str, str], **flags: object) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        configured(project, environ, **flags)
    said = (str(caught.value), caught.value.hint)
    assert KEY not in f"{said} {caught.value.__cause__!r}"
    return said


def test_with_nothing_set_the_embedded_model_runs(project: Path, environ: dict[str, str]) -> None:
    found = configured(project, environ)
    assert found.drafter == found.reviewer
    assert found.drafter.settings.name == "embedded"
    assert found.lent == (Credential("embedded", None, "embedded"),)
    assert found.limits == Limits()
    assert not found.prices.knows("embedded")


def test_each_value_comes_from_the_nearest_place(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None]
) -> None:
    user_config(
        'drafter = "anthropic/user"\nreviewer = "anthropic/user"\nmax_tokens = 5\nbudget = 1\n'
        '[providers.openai]\nbase_url = "http://user.example/"\nidle_timeout = 9\n'
    )
    (project / "agentos.toml").write_text('reviewer = "openai/project"\nmax_tokens = 6\n')
    environ |= {"AGENTOS_MAX_TOKENS": "7", "OPENAI_BASE_URL": "http://environ.example/"}
    settings = read_layers(project, environ, {"budget": "8", "drafter": None}).settings
    folder = user_config_folder(environ)
    assert {
        name: (settings.get(*name.split(".")), settings.source(*name.split(".")))
        for name in ("drafter", "reviewer", "max_tokens", "budget", "providers.openai.base_url")
    } == {
        "drafter": ("anthropic/user", str(folder / "config.toml")),
        "reviewer": ("openai/project", str(project / "agentos.toml")),
        "max_tokens": (7, "AGENTOS_MAX_TOKENS"),
        "budget": (Decimal(8), "--budget"),
        "providers.openai.base_url": ("http://environ.example/", "OPENAI_BASE_URL"),
    }
    assert settings.get("providers", "openai", "idle_timeout") == 9


@pytest.fixture
def set_in(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None]
) -> Callable[[str, str, str], Settings]:
    """What counts where one place, or none, gives that name a value."""

    def read(place: str, name: str, value: str) -> Settings:
        text = f'{name} = "{value}"\n'
        if place == "user":
            user_config(text)
        if place == "project":
            (project / "agentos.toml").write_text(text)
        variables = {f"AGENTOS_{name.upper()}": value} if place == "environment" else {}
        flags = {name: value} if place == "flag" else {}
        return read_layers(project, environ | variables, flags).settings

    return read


@pytest.mark.parametrize("place", ["flag", "environment", "project", "user", "nowhere"])
def test_the_drafter_reviews_where_nobody_names_a_reviewer(
    set_in: Callable[[str, str, str], Settings], place: str
) -> None:
    settings = set_in(place, "drafter", "openai/x")
    assert settings.get("reviewer") == ("embedded" if place == "nowhere" else "openai/x")
    assert settings.source("reviewer") == "as the drafter"


@pytest.mark.parametrize("place", ["flag", "environment", "project", "user"])
def test_a_reviewer_counts_wherever_it_is_named(
    set_in: Callable[[str, str, str], Settings], environ: dict[str, str], place: str
) -> None:
    environ |= {"AGENTOS_DRAFTER": "openai/x"}
    settings = set_in(place, "reviewer", "embedded")
    assert (settings.get("drafter"), settings.get("reviewer")) == ("openai/x", "embedded")
    assert settings.source("reviewer") != "as the drafter"


def test_models_keys_prices_and_limits_come_together(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None]
) -> None:
    user_config(
        f'{PRICES}[prices."anthropic/y"]\ninput = 1\noutput = 5\ncached = 0.1\ncache_write = 1.25\n'
        "[prices]\ndate = 2026-01-31\n"
    )
    environ |= {
        "AGENTOS_CREDENTIALS": "main:MAIN:openai,spare:SPARE:gemini",
        "MAIN": KEY,
        "SPARE": OTHER,
        "ANTHROPIC_API_KEY": "key-of-the-sdk",
    }
    found = configured(
        project,
        environ,
        drafter="openai/x",
        reviewer="anthropic/y",
        budget="2.5000000019",
        max_tokens="1e6",
    )
    assert found.lent == (
        Credential("main", KEY, "openai"),
        Credential("ANTHROPIC_API_KEY", "key-of-the-sdk", "anthropic"),
    )
    assert found.configured.secrets == {KEY, OTHER, "key-of-the-sdk"}
    assert found.limits == Limits(nanodollars=2_500_000_001, tokens=1_000_000)
    assert found.prices.date == "2026-01-31"
    assert found.prices.prices == {
        "openai/x": Price(Decimal(3), Decimal(15)),
        "anthropic/y": Price(Decimal(1), Decimal(5), Decimal("0.1"), Decimal("1.25")),
    }
    assert found.prices.cost("openai/x", Usage(1_000_000, 100_000)) == 4_500_000_000
    assert KEY not in repr(found)
    assert OTHER not in repr(found)


def test_a_spec_tells_a_child_its_models_and_no_secret(
    project: Path, environ: dict[str, str]
) -> None:
    environ |= {"OPENAI_API_KEY": KEY}
    found = configured(project, environ, drafter="openai/x", reviewer="embedded")
    opened = open_project(project, environ)
    item = Item(Kind.LLD, "42", "Lend", project / "issues/42.md")
    spec = found.spec(opened, item, grace=1.5, again=True)
    assert (spec.drafter.name, spec.reviewer.name) == ("openai/x", "embedded")
    assert (spec.project, spec.state) == (opened.root, opened.state.root)
    assert (spec.item, spec.grace, spec.again) == (item, 1.5, True)
    assert KEY not in str(spec)


# --- trust ---------------------------------------------------------------------------------------


def trust(layers: Layers, environ: Mapping[str, str]) -> None:
    TrustStore(user_config_folder(environ)).trust(layers.project.path, layers.project.digest)


def test_an_untrusted_project_stops_everything(project: Path, environ: dict[str, str]) -> None:
    environ |= {"OPENAI_API_KEY": KEY}
    (project / "agentos.toml").write_text(
        'drafter = "openai/x"\n[providers.openai]\nbase_url = "http://localhost:9/v1"\n'
    )
    layers = read_layers(project, environ)
    with pytest.raises(TrustError, match=r"sets providers\.openai\.base_url, and this project"):
        configure(layers, environ)
    with pytest.raises(TrustError):  # also where it would not count
        configured(project, environ | {"OPENAI_BASE_URL": "http://mine/"}, drafter="embedded")
    trust(layers, environ)
    assert configured(project, environ).drafter.settings.base_url == "http://localhost:9/v1"


def test_credentials_of_an_untrusted_project_do_not_count(
    project: Path, environ: dict[str, str]
) -> None:
    environ |= {"TEAM_KEY": KEY}
    (project / "agentos.toml").write_text(
        '[[credential]]\nname = "team"\nenv = "TEAM_KEY"\nprovider = "openai"\n'
    )
    layers = read_layers(project, environ)
    assert layers.credentials(environ).usable == ()
    trust(layers, environ)
    layers = read_layers(project, environ)
    assert layers.credentials(environ).usable == (Credential("team", KEY, "openai"),)
    assert configured(project, environ, drafter="openai/x").lent[0].name == "team"


def test_a_locked_keyring_stops_only_who_needs_a_key_of_it(
    project: Path, environ: dict[str, str]
) -> None:
    folder = user_config_folder(environ)
    folder.mkdir(parents=True)
    entry = '[[credential]]\nname = "team"\nprovider = "openai"\nkeyring = true\n'
    (folder / "credentials.toml").write_text(entry)

    def locked(_name: str) -> str:
        raise ConfigError("it is locked", "unlock it")

    found = configure(read_layers(project, environ), environ, locked)
    assert found.lent == (Credential("embedded", None, "embedded"),)
    for role in ROLES:
        with pytest.raises(ConfigError, match=r"\(team\): it is locked"):
            configure(read_layers(project, environ, {role: "openai/x"}), environ, locked)


def test_the_users_own_settings_need_no_trust(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None]
) -> None:
    user_config('[providers.openai]\nbase_url = "http://localhost:9/v1"\n')
    (project / "agentos.toml").write_text('drafter = "openai/x"\n')
    found = configured(project, environ)
    assert found.drafter.settings.base_url == "http://localhost:9/v1"
    assert found.lent[0] == Credential("openai", None, "openai")


def test_the_prices_of_a_project_need_trust_and_their_date_does_not(
    project: Path, environ: dict[str, str]
) -> None:
    config = project / "agentos.toml"
    config.write_text("[prices]\ndate = 2026-01-31\n")
    assert configured(project, environ).prices.date == "2026-01-31"
    config.write_text(PRICES.replace("3", "0"))
    with pytest.raises(TrustError, match=r'prices\."openai/x"\.input, prices\."openai/x"\.output'):
        configured(project, environ)
    trust(read_layers(project, environ), environ)
    assert configured(project, environ).prices.knows("openai/x")


# --- limits --------------------------------------------------------------------------------------


@pytest.fixture
def limited(
    environ: dict[str, str], user_config: Callable[[str], None], tmp_path: Path
) -> dict[str, str]:
    """An environment with a key for openai, a price for one of its models, and a claude on PATH."""
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    user_config(PRICES)
    return environ | {"PATH": str(program.parent), "OPENAI_API_KEY": KEY}


@pytest.mark.parametrize(
    ("reviewer", "limits"),
    [
        ("openai/x", {"budget": "5", "max_tokens": "5"}),
        ("openai/y", {"max_tokens": "5"}),
        ("openai/y", {}),
        ("embedded", {"budget": "0", "max_tokens": "5"}),
        ("command/claude", {}),
    ],
)
def test_a_limit_holds_where_the_cost_is_known_beforehand(
    project: Path, limited: dict[str, str], reviewer: str, limits: dict[str, str]
) -> None:
    found = configured(project, limited, reviewer=reviewer, **limits)
    assert found.limits.tokens == (5 if "max_tokens" in limits else None)


@pytest.mark.parametrize("role", ["drafter", "reviewer"])
@pytest.mark.parametrize("limits", [{"budget": "5"}, {"max_tokens": "5"}])
def test_no_limit_holds_for_a_command(
    project: Path, limited: dict[str, str], role: str, limits: dict[str, str]
) -> None:
    said, hint = refused(project, limited, **{role: "command/claude"}, **limits)
    assert said.startswith("a limit cannot hold for command/claude: nobody knows beforehand")
    assert "leave --budget and --max-tokens out" in hint


@pytest.mark.parametrize("role", ["drafter", "reviewer"])
@pytest.mark.parametrize("limits", [{"budget": "0"}, {"budget": "5", "max_tokens": "5"}])
def test_no_budget_holds_for_a_model_without_a_price(
    project: Path, limited: dict[str, str], role: str, limits: dict[str, str]
) -> None:
    said, hint = refused(project, limited, **{role: "openai/y"}, **limits)
    assert said == "a budget cannot hold for openai/y: its price is not set"
    assert 'use --max-tokens, or set input and output in [prices."openai/y"]' in hint


@pytest.mark.parametrize("role", ["drafter", "reviewer"])
def test_no_budget_holds_where_writing_a_cache_costs_nobody_knows_what(
    project: Path,
    environ: dict[str, str],
    user_config: Callable[[str], None],
    role: str,
) -> None:
    environ |= {"ANTHROPIC_API_KEY": KEY}
    price = '[prices."anthropic/x"]\ninput = 3\noutput = 15\n'
    models = {"drafter": "embedded", "reviewer": "embedded"} | {role: "anthropic/x"}
    user_config(price)
    said, hint = refused(project, environ, budget="5", **models)
    assert said.startswith("a budget cannot hold for anthropic/x: what writing its prompt cache")
    assert 'set cache_write in [prices."anthropic/x"]' in hint
    assert configured(project, environ, max_tokens="5", **models).limits.tokens == 5
    user_config(price + "cache_write = 3.75\n")
    assert configured(project, environ, budget="5", **models).limits.nanodollars == 5 * 10**9


@pytest.mark.parametrize("key", ["input", "output", "cached"])
def test_half_a_price_is_told(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None], key: str
) -> None:
    user_config(f'[prices."openai/x"]\n{key} = 3\n')
    sentence, hint = refused(project, environ)
    assert sentence == 'prices."openai/x" is half a price'
    assert "input and output, in USD per million tokens" in hint


def test_a_price_may_be_put_together_from_two_files(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None]
) -> None:
    user_config('[prices."openai/x"]\ninput = 3\n')
    (project / "agentos.toml").write_text('[prices."openai/x"]\noutput = 15\n')
    trust(read_layers(project, environ), environ)
    found = configured(project, environ)
    assert found.prices.prices == {"openai/x": Price(Decimal(3), Decimal(15))}


@pytest.mark.parametrize("name", ["budget", "max_tokens"])
def test_a_project_may_lower_a_limit_of_the_user_and_never_raise_it(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None], name: str
) -> None:
    def limit(**flags: object) -> tuple[int, str]:
        settings = read_layers(project, environ, flags).settings
        return int(settings.get(name)), settings.source(name)

    (project / "agentos.toml").write_text(f"{name} = 50\n")
    projects = (50, str(project / "agentos.toml"))
    assert limit() == projects  # the user has none
    for most in (51, 50):
        user_config(f"{name} = {most}\n")
        assert limit() == projects
    user_config(f"{name} = 49\n")
    assert limit() == (49, str(user_config_folder(environ) / "config.toml"))
    variable = f"AGENTOS_{name.upper()}"
    environ[variable] = "60"
    assert limit() == (60, variable)
    assert limit(**{name: "70"}) == (70, f"--{name.replace('_', '-')}")


def test_a_limit_of_the_user_is_lowered_by_itself(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None]
) -> None:
    user_config("budget = 0.5\nmax_tokens = 7\n")
    (project / "agentos.toml").write_text("budget = 0.50000001\nmax_tokens = 6\n")
    assert configured(project, environ).limits == Limits(nanodollars=500_000_000, tokens=6)


@pytest.mark.parametrize("small", ["openai/draft", "openai/review"])
def test_a_draft_has_to_fit_into_a_request(
    project: Path, environ: dict[str, str], user_config: Callable[[str], None], small: str
) -> None:
    environ |= {"OPENAI_API_KEY": KEY}

    def room(tokens: int) -> None:
        user_config(
            f'[models."{small}"]\nmax_input_tokens = {tokens}\n'
            "[providers.openai]\nmax_output_tokens = 2000\n"
        )

    models = {"drafter": "openai/draft", "reviewer": "openai/review"}
    room(2000)
    assert refused(project, environ, **models) == (
        f"max_input_tokens of {small} is 2,000, which has no room for a draft of up to 2,000",
        "raise it, or lower max_output_tokens of openai/draft",
    )
    room(2001)
    assert configured(project, environ, **models).drafter.settings.max_output_tokens == 2000


# --- what is missing or wrong --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"drafter": "opnai/x"}, "there is no provider 'opnai'"),
        ({"reviewer": "anthropic/x"}, "anthropic/x needs a key"),
        ({"reviewer": "command/claude"}, "the program 'claude' of command/claude is not on PATH"),
        ({"drafter": KEY}, "there is no provider of models"),
        ({"budget": KEY}, "--budget must be"),
    ],
)
def test_what_is_missing_is_told_before_a_call(
    project: Path, environ: dict[str, str], flags: dict[str, str], said: str
) -> None:
    assert refused(project, environ, **flags)[0].startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[providers.opnai]\nbase_url = "http://x/"', "there is no provider for providers.opnai"),
        ('[models."openai/x"]\noutput_limit_field = "tokens"', "output_limit_field of openai/x"),
        ("draftr = 'x'", "there is no setting draftr"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_before_a_call(
    project: Path,
    environ: dict[str, str],
    user_config: Callable[[str], None],
    text: str,
    said: str,
) -> None:
    user_config(text)
    assert said in refused(project, environ | {"OPENAI_API_KEY": KEY}, drafter="openai/x")[0]


def test_a_variable_without_a_key_in_it_stops_only_who_uses_it(
    project: Path, environ: dict[str, str]
) -> None:
    environ |= {"OPENAI_API_KEY": f"Bearer {KEY}"}
    configured(project, environ)
    assert "OPENAI_API_KEY: the secret" in refused(project, environ, drafter="openai/x")[0]


# --- providers of third parties ------------------------------------------------------------------

ACME = """
from agentos.core.providers import Provider
from agentos.models.embedded import EmbeddedModel

PROVIDER = Provider(
    "acme", lambda settings, environ: EmbeddedModel(), key_variable="ACME_KEY",
    base_url_variable="ACME_URL",
)
BARE = Provider("bare", PROVIDER.build, requirement="acme-sdk>=2", module="acme_sdk_not_there")
"""


@pytest.fixture
def third_parties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with two providers that work and two that are broken, as pip leaves it."""
    site = tmp_path / "site"
    info = site / "acme_models-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-models\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[agentos.models]\nacme = acme_models:PROVIDER\nbare = acme_models:BARE\n"
        "broken = acme_broken:PROVIDER\ncrashed = acme_crashed:PROVIDER\n"
    )
    (site / "acme_models.py").write_text(ACME)
    (site / "acme_broken.py").write_text("import a_package_that_is_not_there\n")
    (site / "acme_crashed.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(site))
    yield
    for name in ("acme_models", "acme_broken", "acme_crashed"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("third_parties")
def test_a_third_party_comes_in_by_the_same_door(project: Path, environ: dict[str, str]) -> None:
    environ |= {"ACME_KEY": KEY, "ACME_URL": "http://acme.example/"}
    found = configured(project, environ, drafter="acme/large")
    assert found.drafter.settings.entry_point == "acme_models:PROVIDER"
    assert found.drafter.settings.base_url == "http://acme.example/"
    assert found.lent[0] == Credential("ACME_KEY", KEY, "acme")
    assert found.configured.variables >= {"ACME_KEY"}


@pytest.mark.usefixtures("third_parties")
def test_one_that_is_broken_breaks_no_other(project: Path, environ: dict[str, str]) -> None:
    layers = read_layers(project, environ)
    assert {"acme", "bare", "broken", "crashed"} < layers.entries.keys()
    assert layers.entries.keys() - layers.providers.keys() == {"broken", "crashed"}
    assert configure(layers, environ).drafter.settings.name == "embedded"
    said, _ = refused(project, environ, drafter="broken/x")
    assert "acme_broken:PROVIDER cannot be imported" in said


@pytest.mark.usefixtures("third_parties")
def test_one_whose_package_is_missing_is_told_with_what_brings_it(
    project: Path, environ: dict[str, str]
) -> None:
    said, hint = refused(project, environ, drafter="bare/x")
    assert said == "bare/x needs a package that is missing or of another version"
    assert hint == f"type: {install_command('acme-sdk>=2')}"
