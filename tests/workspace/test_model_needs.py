from collections.abc import Callable
from pathlib import Path

import pytest

from agentos.core.installation import install_command
from agentos.models.catalog import choose
from agentos.workspace import model_needs
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.model_needs import accounts_with_key, any_model_of, missing_for

Missing = Callable[..., tuple[str, ...]]


@pytest.fixture
def missing(project: Path, environ: dict[str, str]) -> Missing:
    def of(name: str, **more: str) -> tuple[str, ...]:
        layers = read_layers(project, environ | more)
        chosen = choose(name, layers.settings, layers.entries)
        return missing_for(chosen, accounts_with_key(layers, environ | more))

    return of


def test_the_embedded_model_and_programs_need_nothing(missing: Missing) -> None:
    assert missing("embedded") == missing("command/anything") == ()


def test_a_key_is_missing_until_one_is_written_down(missing: Missing) -> None:
    assert missing("anthropic/x") == ("agentos credentials add anthropic",)
    assert missing("anthropic/x", ANTHROPIC_API_KEY="sk-x") == ()
    assert missing("anthropic/x", AGENTOS_CREDENTIALS="mine:NOT_SET:anthropic") == ()
    assert missing("anthropic/x", AGENTOS_CREDENTIALS="mine:NOT_SET:openai") != ()


def test_entries_that_cannot_be_read_are_none(missing: Missing) -> None:
    assert missing("openai/x", AGENTOS_CREDENTIALS="::::") == ("agentos credentials add openai",)


def test_a_server_of_ones_own_may_do_without_a_key(missing: Missing) -> None:
    assert missing("openai/x", OPENAI_BASE_URL="http://localhost:8080/v1") == ()


def test_a_package_comes_before_the_key(missing: Missing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_needs, "missing_package", lambda one: one.requirement)
    package, key = missing("gemini/x")
    assert package == install_command("google-genai>=3,<4")
    assert key == "agentos credentials add gemini"


def test_a_provider_can_be_asked_about_without_a_name(
    project: Path, environ: dict[str, str]
) -> None:
    layers: Layers = read_layers(project, environ | {"OPENAI_BASE_URL": "http://localhost:1/v1"})
    models = {
        name: any_model_of(provider, layers.settings) for name, provider in layers.providers.items()
    }
    assert models["embedded"].settings.name == "embedded"
    assert models["anthropic"].settings.name == "anthropic/NAME"
    assert models["openai"].settings.base_url == "http://localhost:1/v1"
