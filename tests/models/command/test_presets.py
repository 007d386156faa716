"""The vendors' tools, and what a command's settings may say."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from stand_ins import REQUEST, Programs

from agentos.core.calls import Answer
from agentos.core.errors import ConfigError
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits
from agentos.models.command import PROVIDER
from agentos.models.command.presets import PRESETS
from agentos.models.registry import load_provider

TOOLS_OFF: dict[str, list[tuple[str, ...]]] = {
    "claude": [
        ("--print",),
        ("--tools", ""),
        ("--strict-mcp-config",),
        ("--setting-sources=",),
        ("--no-session-persistence",),
    ],
    "codex": [
        ("codex", "exec"),
        ("--sandbox=read-only",),
        ("--config=features.shell_tool=false",),
        ('--config=web_search="disabled"',),
        ("--ignore-user-config",),
        ("--ephemeral",),
        ("--skip-git-repo-check",),
    ],
    "gemini": [
        ("--approval-mode=plan",),
        ("--extensions=none",),
        ("--allowed-mcp-server-names=none",),
    ],
    "llm": [("llm", "prompt"), ("--no-log",)],
}
TOOLS_STAY_ON = ["gemini"]

PRINTS_ITS_FLAGS = "import json, sys; print(json.dumps({'result': ' '.join(sys.argv[1:])}))"


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_has_the_flags_that_switch_tools_off(name: str) -> None:
    argv = PRESETS[name].command.argv
    for flags in TOOLS_OFF[name]:
        at = argv.index(flags[0])
        assert argv[at : at + len(flags)] == flags


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_that_cannot_says_so_and_has_to_be_allowed(name: str, programs: Programs) -> None:
    environ = {"PATH": str(Path(programs.write("", name)).parent)}
    settings = ModelSettings(f"command/{name}")
    if name not in TOOLS_STAY_ON:
        assert PROVIDER.build(settings, environ).name == f"command/{name}"
        return
    for options in ({}, {"allow_tools": "false"}):
        with pytest.raises(ConfigError) as caught:
            PROVIDER.build(replace(settings, options=options), environ)
        assert PRESETS[name].tools_stay_on in str(caught.value)
        assert "allow_tools = true" in caught.value.hint
    allowed = replace(settings, options={"allow_tools": "true"})
    assert PROVIDER.build(allowed, environ).provider == f"command/{name}"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_asks_for_the_model_that_is_named(name: str, programs: Programs) -> None:
    environ = {"PATH": str(Path(programs.write(PRINTS_ITS_FLAGS, name)).parent)}
    options = {"allow_tools": "true", "model": "--best"}
    model = PROVIDER.build(ModelSettings(f"command/{name}", options=options), environ)
    answer = model.complete(REQUEST, None)
    assert isinstance(answer, Answer)
    assert "--model=--best" in answer.text
    plain = PROVIDER.build(
        ModelSettings(f"command/{name}", options=options | {"model": ""}), environ
    )
    assert "--model" not in str(plain.complete(REQUEST, None))


def test_a_preset_that_is_silent_until_its_end_has_a_longer_idle_limit(
    programs: Programs,
) -> None:
    path = programs.write("import sys; sys.exit('not called')", "claude")
    environ = {"PATH": str(Path(path).parent)}
    model = PROVIDER.build(ModelSettings("command/claude"), environ)
    default = TimeLimits()
    assert vars(model)["_limits"] == replace(default, idle=PRESETS["claude"].idle)
    assert PRESETS["claude"].idle > default.idle


def test_no_preset_carries_a_secret_or_a_foreign_key() -> None:
    for preset in PRESETS.values():
        variables = {preset.command.key_variable, *preset.command.keep}
        assert len([name for name in variables if name.endswith(("_KEY", "_TOKEN"))]) == 1


def test_a_command_of_ones_own_comes_before_the_preset_of_its_name(programs: Programs) -> None:
    command = CommandSettings((programs.write("print('mine')"),))
    model = PROVIDER.build(ModelSettings("command/claude", command=command), os.environ)
    assert model.complete(REQUEST, None) == Answer("mine", "command/claude")


@pytest.mark.parametrize("name", ["command/unknown", "command/", "command"])
def test_an_unknown_name_is_told_the_presets(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PROVIDER.build(ModelSettings(name), os.environ)
    assert "command/claude, command/codex, command/gemini, command/llm" in caught.value.hint


def test_a_preset_that_is_not_installed_says_where_it_is_found() -> None:
    with pytest.raises(ConfigError, match="'claude' of command/claude is not on PATH") as caught:
        PROVIDER.build(ModelSettings("command/claude"), {"PATH": "/nowhere"})
    assert "https://" in caught.value.hint


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (CommandSettings(()), "is empty"),
        (CommandSettings(("",)), "is empty"),
        (CommandSettings(("surely-not-installed",)), "not on PATH"),
        (CommandSettings(("/nowhere/tool",)), "not on PATH"),
        (CommandSettings(("./tool",)), "a folder of its own"),
        (CommandSettings(("cat",), output="yaml"), "'yaml'"),
    ],
)
def test_a_command_that_cannot_work_is_an_error_of_the_config(
    command: CommandSettings, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        PROVIDER.build(ModelSettings("command/own", command=command), os.environ)
    assert caught.value.hint


def test_a_project_cannot_bring_its_own_program_by_a_relative_path(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(programs.write("", "claude")).parent)
    with pytest.raises(ConfigError, match="not on PATH"):
        PROVIDER.build(ModelSettings("command/claude"), {"PATH": f".{os.pathsep}"})


def test_it_is_found_by_its_entry_point() -> None:
    provider = load_provider("agentos.models.command:PROVIDER")
    assert provider is PROVIDER
    assert (provider.name, provider.needs_key, provider.requirement) == ("command", False, "")
