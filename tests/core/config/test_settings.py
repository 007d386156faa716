from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest

from agentos.core.config.settings import (
    DEFAULTS,
    ProjectConfig,
    Setting,
    Settings,
    from_environment,
    from_flags,
    from_project,
    from_user,
)
from agentos.core.config.trust import TrustStore
from agentos.core.errors import ConfigError

KEY = "sk-ant-api03-Zm9vYmFy"
BASE_URL = '[providers.openai]\nbase_url = "http://localhost:9/v1"\n'


def refused(project: Path, user: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        from_project(project, TrustStore(user))
    assert KEY not in f"{caught.value!r} {caught.value.hint}"
    return str(caught.value)


def layers(user: Path, project: Path, *, there: set[str]) -> Settings:
    """All layers, of which those that are `there` set the drafter to their own name."""
    if "project" in there:
        (project / "agentos.toml").write_text('drafter = "project"')
    if "user" in there:
        (user / "config.toml").write_text('drafter = "user"')
    return Settings(
        (
            from_flags({"drafter": "flag" if "flag" in there else None}),
            from_environment({"AGENTOS_DRAFTER": "environment"} if "environment" in there else {}),
            from_project(project, TrustStore(user)).settings,
            from_user(user),
            [Setting(path, value, "default") for path, value in DEFAULTS.items()],
        )
    )


ORDER = ("flag", "environment", "project", "user")


@pytest.mark.parametrize("count", range(len(ORDER) + 1))
def test_what_stands_nearer_counts(user: Path, project: Path, count: int) -> None:
    sources = {
        "flag": "--drafter",
        "environment": "AGENTOS_DRAFTER",
        "project": str(project / "agentos.toml"),
        "user": str(user / "config.toml"),
    }
    for there in combinations(ORDER, count):
        for file in (project / "agentos.toml", user / "config.toml"):
            file.unlink(missing_ok=True)
        settings = layers(user, project, there=set(there))
        first = there[0] if there else "default"
        assert settings.get("drafter") == (first if there else "embedded")
        assert settings.source("drafter") == sources.get(first, "default")


def test_layers_are_mixed_setting_by_setting(user: Path, project: Path) -> None:
    (user / "config.toml").write_text(
        '[providers.openai]\nidle_timeout = 5\ntotal_timeout = 50\n[prices."openai/x"]\ninput = 1'
    )
    (project / "agentos.toml").write_text(
        '[providers.openai]\nidle_timeout = 7\n[prices."openai/y"]\ninput = 2'
    )
    settings = layers(user, project, there=set())
    assert settings.get("providers", "openai", "idle_timeout") == 7
    assert settings.get("providers", "openai", "total_timeout") == 50
    assert settings.names("prices") == ["openai/x", "openai/y"]
    assert settings.names("commands") == []


def test_what_nobody_set_has_no_value_and_no_source() -> None:
    settings = Settings([])
    assert settings.get("budget") is None
    with pytest.raises(KeyError):
        settings.source("budget")


def test_settings_come_in_the_order_of_their_names(user: Path, project: Path) -> None:
    (user / "config.toml").write_text("max_tokens = 7\nbudget = 5\n[prices]\ndate = 2026-01-31")
    paths = [setting.path for setting in layers(user, project, there=set())]
    assert paths == [("budget",), ("drafter",), ("max_tokens",), ("prices", "date")]


def test_flags_and_variables_are_read_as_numbers() -> None:
    flags = {"budget": "2.50", "max_tokens": "1000", "drafter": None}
    assert from_flags(flags) == [
        Setting(("budget",), Decimal("2.50"), "--budget"),
        Setting(("max_tokens",), 1000, "--max-tokens"),
    ]
    environ = {
        "AGENTOS_BUDGET": " 2.50 ",
        "AGENTOS_MAX_TOKENS": "1000",
        "AGENTOS_REVIEWER": "  ",
        "ACME_URL": "http://localhost:9/",
    }
    assert from_environment(environ, {"acme": "ACME_URL", "openai": "OPENAI_BASE_URL"}) == [
        Setting(("budget",), Decimal("2.50"), "AGENTOS_BUDGET"),
        Setting(("max_tokens",), 1000, "AGENTOS_MAX_TOKENS"),
        Setting(("providers", "acme", "base_url"), "http://localhost:9/", "ACME_URL"),
    ]


@pytest.mark.parametrize("value", ["nan", "-1", "1e99999999", "lots", KEY])
def test_a_bad_flag_or_variable_is_told_by_its_name(value: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^--max-tokens must be a whole number of tokens"
    ) as flag:
        from_flags({"max_tokens": value})
    with pytest.raises(ConfigError, match=r"^AGENTOS_BUDGET must be a number of US dollars") as env:
        from_environment({"AGENTOS_BUDGET": value})
    with pytest.raises(ConfigError, match=r"^ACME_URL must be a URL") as url:
        from_environment({"ACME_URL": f"https://user:{value}@host"}, {"acme": "ACME_URL"})
    for caught in (flag, env, url):
        assert KEY not in f"{caught.value!r} {caught.value.hint}"


def test_the_user_needs_no_trust(user: Path) -> None:
    (user / "config.toml").write_text(BASE_URL + '[commands.mine]\nargv = ["mine"]\n')
    assert [setting.path for setting in from_user(user)] == [
        ("providers", "openai", "base_url"),
        ("commands", "mine", "argv"),
    ]
    (user / "config.toml").unlink()
    assert from_user(user) == []


def test_credentials_of_the_user_have_a_file_of_their_own(user: Path) -> None:
    (user / "config.toml").write_text(f'[[credential]]\nname = "x"\nsecret = "{KEY}"')
    with pytest.raises(ConfigError, match=r"config\.toml: credentials belong into credentials"):
        from_user(user)


def test_a_project_may_set_nothing(project: Path, user: Path) -> None:
    found = from_project(project, TrustStore(user))
    assert found == ProjectConfig(project / "agentos.toml")
    found.check_trust()


def test_a_project_sets_in_a_file_of_its_own_or_in_pyproject(project: Path, user: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text('[tool.agentos]\ndrafter = "openai/x"\nbudget = 0.1\n')
    found = from_project(project, TrustStore(user))
    assert found.settings == (
        Setting(("drafter",), "openai/x", str(pyproject)),
        Setting(("budget",), Decimal("0.1"), str(pyproject)),
    )
    assert found.path == pyproject
    pyproject.write_text('[project]\nname = "agentos-shelf"\n')
    (project / "agentos.toml").write_text('drafter = "openai/y"')
    found = from_project(project, TrustStore(user))
    assert [setting.value for setting in found.settings] == ["openai/y"]


def test_both_places_at_once_are_refused(project: Path, user: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.agentos]\n")
    (project / "agentos.toml").write_text("")
    assert "are there; keep one" in refused(project, user)


@pytest.mark.parametrize("text", ["", "[project", "\ufeff[tool]\n", "tool = 7", "[tool.ruff]\nx=1"])
def test_a_pyproject_that_does_not_speak_of_agentos_is_not_our_business(
    project: Path, user: Path, text: str
) -> None:
    (project / "pyproject.toml").write_text(text)
    assert from_project(project, TrustStore(user)).settings == ()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pyproject.toml", "[tool.agentos", "pyproject.toml is not valid TOML"),
        ("pyproject.toml", "tool = 7  # agentos", None),
        ("pyproject.toml", "[tool]\nagentos = 7", "tool.agentos must be a table"),
        ("pyproject.toml", "[[tool.agentos]]", "tool.agentos must be a table"),
        ("pyproject.toml", "[tool.agentos]\nx = 7", "pyproject.toml: there is no setting x"),
        (
            "pyproject.toml",
            "[[tool.agentos.credential]]\n" + "a." * 5000 + "a = 7",
            "pyproject.toml is nested too deeply",
        ),
        ("agentos.toml", "[tool.agentos]\ndrafter = 'x'", "agentos.toml: there is no setting tool"),
        ("agentos.toml", "\ufeffbudget = -1", "agentos.toml: budget must be a number of US"),
        ("agentos.toml", f"credential = '{KEY}'", "written as [[credential]] tables"),
        ("agentos.toml", f"[credential]\nsecret = '{KEY}'", "written as [[credential]] tables"),
        ("agentos.toml", f"budget = '{KEY}'", "budget must be a number of US dollars"),
    ],
)
def test_a_bad_config_of_a_project_is_told(
    project: Path, user: Path, name: str, text: str, said: str | None
) -> None:
    (project / name).write_text(text)
    if said is None:
        assert from_project(project, TrustStore(user)).settings == ()
    else:
        assert said in refused(project, user)


@pytest.mark.parametrize("name", ["agentos.toml", "pyproject.toml"])
def test_a_folder_in_the_place_of_the_file_is_told(project: Path, user: Path, name: str) -> None:
    (project / name).mkdir()
    assert f"{name} cannot be read: Is a directory" in refused(project, user)
