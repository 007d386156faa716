"""The part of `agentos init` that writes agentos.toml, if the project has no settings yet."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from agentos.cli.questions import Questions
from agentos.cli.setup.drafter import ask_for_drafter, checked_drafter
from agentos.cli.setup.report import Report
from agentos.core.config.settings import PROJECT_FILE
from agentos.models.catalog import ChosenModel, choose
from agentos.workspace.config_template import config_text
from agentos.workspace.configuration import Layers
from agentos.workspace.project import Project
from agentos.workspace.scaffold import write_new

_DRAFTER = ("drafter",)


@dataclass(frozen=True, slots=True)
class ConfigPlan:
    """`chosen` is the model that will write; `drafter` is what the new file sets, if it sets one.

    `kept` says why no file is written, and is empty where one is.
    """

    chosen: ChosenModel
    drafter: str | None = None
    kept: str = ""


def plan_config(
    project: Project,
    layers: Layers,
    drafter: str | None,
    questions: Questions | None,
    environ: Mapping[str, str],
) -> ConfigPlan:
    """Decide on the model: `drafter` if it is given, else ask, else what counts so far.

    Raises ConfigError for a model that there cannot be.
    """
    counting, source = layers.settings.get("drafter"), layers.settings.source("drafter")
    if drafter is not None:
        chosen = checked_drafter(drafter, layers, environ)
    elif questions is not None and not _kept(project, layers):
        chosen = ask_for_drafter(questions, layers, environ)
    else:
        chosen = choose(counting, layers.settings, layers.entries)
    if kept := _kept(project, layers):
        return ConfigPlan(chosen, kept=kept + _to_be_set(layers, drafter))
    name = chosen.settings.name
    is_set_elsewhere = name == counting and drafter is None and source != "default"
    return ConfigPlan(chosen, None if is_set_elsewhere else name)


def write_config(project: Project, layers: Layers, plan: ConfigPlan, report: Report) -> None:
    """Write what was planned; raises UsageError."""
    if plan.kept:
        report.note(plan.kept)
        return
    write_new(project.root / PROJECT_FILE, config_text(plan.drafter), project.root)
    told = f"drafter = {json.dumps(plan.drafter, ensure_ascii=False)}"
    if plan.drafter is None:
        told = f"the drafter is {plan.chosen.settings.name}, by {layers.settings.source('drafter')}"
    report.did(f"wrote {PROJECT_FILE}: every setting, explained; {told}")


def _kept(project: Project, layers: Layers) -> str:
    if layers.project.path.name != PROJECT_FILE:
        table = f"[tool.agentos] in {layers.project.path.name}"
        return f"{table} stays as it is, and no {PROJECT_FILE} is written beside it"
    if os.path.lexists(project.root / PROJECT_FILE):
        return f"{PROJECT_FILE} is there and stays as it is"
    return ""


def _to_be_set(layers: Layers, drafter: str | None) -> str:
    """What the user has to write into a file that stays, to have the model that was asked for."""
    there = {one.path: one.value for one in layers.project.settings}
    if drafter is None or there.get(_DRAFTER) == drafter:
        return ""
    return f"; set there: drafter = {json.dumps(drafter, ensure_ascii=False)}"
