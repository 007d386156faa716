"""Which model is to write: asked on a terminal, with what each provider still needs."""

from collections.abc import Mapping

import click

from agentos.cli.questions import Questions
from agentos.cli.tables import render_table
from agentos.core.config.schema import checked
from agentos.core.config.settings import DEFAULTS
from agentos.core.errors import ConfigError, UsageError
from agentos.core.providers import Provider
from agentos.models.catalog import ChosenModel, choose, missing_package
from agentos.models.command.presets import PRESETS
from agentos.models.registry import load_model
from agentos.workspace.configuration import Layers
from agentos.workspace.model_needs import accounts_with_key, any_model_of, lacks_key

_PLACEHOLDER = "NAME"


def ask_for_drafter(
    questions: Questions, layers: Layers, environ: Mapping[str, str]
) -> ChosenModel:
    """The model that was chosen; Enter takes the one that counts so far."""
    with_key = accounts_with_key(layers, environ)
    rows = [(_name(one), _needs(one, layers, with_key)) for one in layers.providers.values()]
    rows.sort(key=lambda row: row[0] != "embedded")
    click.echo(f"Models that can write; {_PLACEHOLDER} is what the provider calls it:", err=True)
    click.echo(render_table([(f"  {name}", needs) for name, needs in rows]), err=True)
    return questions.ask(
        "Which one is to write?",
        _default(layers, environ),
        lambda answer: checked_drafter(answer, layers, environ),
    )


def checked_drafter(name: str, layers: Layers, environ: Mapping[str, str]) -> ChosenModel:
    """The model of that name; raises ConfigError for one that there cannot be."""
    value = checked(("drafter",), name, "the drafter")
    chosen = choose(str(value), layers.settings, layers.entries)
    if chosen.settings.model == _PLACEHOLDER:
        raise ConfigError(
            f"{_PLACEHOLDER} stands for a name",
            "put what the provider calls the model in its place",
        )
    load_model(chosen.settings, environ)  # whatever else its adapter finds wrong
    return chosen


def _default(layers: Layers, environ: Mapping[str, str]) -> str:
    """The model that counts so far, if it is one."""
    name: str = layers.settings.get("drafter")
    try:
        checked_drafter(name, layers, environ)
    except UsageError:
        return str(DEFAULTS["drafter",])
    return name


def _name(provider: Provider) -> str:
    return provider.name if provider.has_one_model else f"{provider.name}/{_PLACEHOLDER}"


def _needs(provider: Provider, layers: Layers, with_key: frozenset[str]) -> str:
    if provider.name == "embedded":
        return "built in: rules instead of a language model; needs nothing"
    if provider.name == "command":
        return f"a program of yours; known are {', '.join(sorted(PRESETS))}"
    chosen = any_model_of(provider, layers.settings)
    missing = [
        *(["its package"] if missing_package(provider) else []),
        *(["a key"] if lacks_key(chosen, with_key) else []),
    ]
    return f"still needs {' and '.join(missing)}" if missing else "ready: nothing is missing"
