"""Runs a GitHub Actions workflow's steps here: `run` for real, each `uses` by a named stand-in."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
_COMPARISON = re.compile(r"(?P<name>[\w.]+) (?P<operator>==|!=) '(?P<text>[^']*)'")
_NAME = re.compile(r"[\w.]+")

StandIn = Callable[["Job", Mapping[str, str]], None]
"""What does an action's work here, from its inputs."""

Meddle = Callable[["Job", "subprocess.Popen[bytes]"], None]
"""Called beside a step that has been started: to cancel it, for one."""


@dataclass
class Runner:
    """The service: what it knows of the repository, and what it keeps between runs.

    `machine` are variables that the machine sets for every step. `path` are folders in front.
    """

    workflow: Mapping[str, Any]
    scratch: Path
    stand_ins: Mapping[str, StandIn]
    machine: Mapping[str, str]
    vars: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    runs: int = 0

    def run(self, event: str, meddle: Mapping[str, Meddle] | None = None) -> dict[str, "Job"]:
        """One run for an event: its jobs by id, in order; a skipped one has no step."""
        self.runs += 1
        jobs: dict[str, Job] = {}
        github = {"event_name": event, "ref": "refs/heads/main", "ref_name": "main"}
        github |= {"run_id": str(self.runs), "run_attempt": "1", "token": "ghs-made-up"}
        for name, described in self.workflow["jobs"].items():
            folder = self.scratch / f"run-{self.runs}" / name
            needs = {one: jobs[one].outputs for one in jobs}
            job = Job(self, folder, github, needs, meddle or {})
            jobs[name] = job
            failed = any(jobs[need].failed for need in _listed(described.get("needs", [])))
            if _holds(described.get("if", ""), job.context, failed=failed):
                job.execute(described)
        return jobs


@dataclass
class Step:
    """What became of a step."""

    name: str
    code: int
    output: str
    summary: str


@dataclass
class Job:
    """One job on a machine of its own, whose files are in `folder`."""

    runner: Runner
    folder: Path
    github: Mapping[str, str]
    needs: Mapping[str, Mapping[str, str]]
    meddle: Mapping[str, Meddle]
    steps: dict[str, Step] = field(default_factory=dict)
    step_outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    path: list[Path] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def failed(self) -> bool:
        return any(step.code for step in self.steps.values())

    @property
    def context(self) -> Mapping[str, Any]:
        return {
            "github": self.github,
            "vars": self.runner.vars,
            "secrets": self.runner.secrets,
            "steps": {name: {"outputs": found} for name, found in self.step_outputs.items()},
            "needs": {name: {"outputs": found} for name, found in self.needs.items()},
        }

    def execute(self, described: Mapping[str, Any]) -> None:
        """Its steps in order, then its outputs."""
        self.workspace.mkdir(parents=True)
        self.env = self._filled(self.runner.workflow.get("env", {})) | self._filled(
            described.get("env", {})
        )
        for number, step in enumerate(described["steps"]):
            if _holds(step.get("if", ""), self.context, failed=self.failed):
                self._step(step, step.get("name", step.get("uses", f"step {number}")))
        self.outputs = self._filled(described.get("outputs", {}))

    def _step(self, step: Mapping[str, Any], name: str) -> None:
        if "uses" in step:
            action = step["uses"].partition("@")[0]
            self.runner.stand_ins[action](self, self._filled(step.get("with", {})))
            self.steps[name] = Step(name, 0, "", "")
            return
        files = self.folder / f"step-{len(self.steps)}"
        files.mkdir()
        script, output = files / "script.sh", files / "output.txt"
        script.write_text(self._fill(step["run"]))
        commands = {kind: files / kind for kind in ("STEP_SUMMARY", "OUTPUT", "ENV", "PATH")}
        for path in commands.values():
            path.touch()
        with output.open("wb") as stream:
            process = subprocess.Popen(
                ["/bin/bash", "-e", str(script)],
                cwd=self.workspace / step.get("working-directory", "."),
                env=self._environment(step, commands),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            if name in self.meddle:
                self.meddle[name](self, process)
            code = process.wait(timeout=100)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        self.steps[name] = Step(
            name, code, output.read_text(), commands["STEP_SUMMARY"].read_text()
        )
        told = [line.partition("=") for line in commands["OUTPUT"].read_text().splitlines()]
        self.step_outputs[step.get("id", name)] = {key: value for key, _, value in told}
        assert not commands["ENV"].read_text() + commands["PATH"].read_text(), "not done here"

    def _environment(self, step: Mapping[str, Any], commands: Mapping[str, Path]) -> dict[str, str]:
        return {
            **self.runner.machine,
            "PATH": os.pathsep.join(map(str, [*self.path, self.runner.machine["PATH"]])),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REF_NAME": self.github["ref_name"],
            **{f"GITHUB_{kind}": str(path) for kind, path in commands.items()},
            **self.env,
            **self._filled(step.get("env", {})),
        }

    def _filled(self, values: Mapping[str, object]) -> dict[str, str]:
        return {name: self._fill(str(value)) for name, value in values.items()}

    def _fill(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: _value(found[1], self.context), text)


def read_workflow(path: Path) -> Mapping[str, Any]:
    """The workflow; YAML's `on` is no truth value here."""
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _value(name: str, context: Mapping[str, Any]) -> str:
    """`a.b.c` looked up; what is not there is empty, as the service has it."""
    assert _NAME.fullmatch(name), f"a form that is not known here: {name}"
    found: Any = context
    for part in name.split("."):
        found = found.get(part, {})
    return found if isinstance(found, str) else ""


def _holds(condition: str, context: Mapping[str, Any], *, failed: bool) -> bool:
    """Comparisons with a text, joined by `&&`; without an `always()` only after success."""
    parts = [part for part in condition.split(" && ") if part]
    if "always()" not in parts and failed:
        return False
    return all(_is_true(part, context) for part in parts if part != "always()")


def _is_true(comparison: str, context: Mapping[str, Any]) -> bool:
    found = _COMPARISON.fullmatch(comparison)
    assert found, f"a form that is not known here: {comparison}"
    return (_value(found["name"], context) == found["text"]) == (found["operator"] == "==")
