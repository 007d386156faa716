"""The GitHub Actions workflow: its `run` steps in their order, on a copy of the sample project."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest
from built_package import CLONE
from command import Workspace, wait_until
from github_workflow import Job, Meddle, Runner, read_workflow
from repositories import commit, git

from agentos.testing import LoopbackServer, author

WORKFLOW = CLONE / "examples/ci/agentos.yml"
SECRET = "sk-loopback-of-the-team-01"
RUN = "Run agentos"
PULL_REQUEST = "Open a pull request, or add to the open one"

# Stands for GitHub's: writes down what it was asked, and knows which pull requests were opened.
GH = """
[ -n "$GH_TOKEN" ] || exit 4
echo "$*" >> "{calls}"
case "$1 $2" in "pr list") grep -c '^pr create ' "{calls}" || true ;; esac
"""


class Service:
    """Keeps the repository, caches and artifacts; its methods stand for the actions."""

    def __init__(self, origin: Path, python: Path, scratch: Path) -> None:
        self.origin = origin
        self._python = python
        self._caches: dict[str, Path] = {}
        self._artifacts = scratch / "artifacts"
        self._tools = scratch / "tools"
        self.calls = scratch / "gh-calls.txt"
        self._tools.mkdir()
        self.calls.touch()
        gh = self._tools / "gh"
        gh.write_text("#!/bin/sh" + GH.format(calls=self.calls))
        gh.chmod(0o755)

    @property
    def stand_ins(self) -> Mapping[str, Callable[[Job, Mapping[str, str]], None]]:
        return {
            "actions/checkout": self.checkout,
            "actions/setup-python": self.setup_python,
            "actions/cache/restore": self.restore,
            "actions/cache/save": self.save,
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
        }

    def checkout(self, job: Job, inputs: Mapping[str, str]) -> None:
        depth = [] if inputs.get("fetch-depth") == "0" else ["--depth=1"]
        git(job.folder, "clone", "--quiet", *depth, f"file://{self.origin}", str(job.workspace))
        assert inputs["persist-credentials"] == "False"
        job.path.append(self._tools)

    def setup_python(self, job: Job, inputs: Mapping[str, str]) -> None:
        assert tuple(map(int, inputs["python-version"].split("."))) >= (3, 11)
        job.path.append(self._python)

    def save(self, job: Job, inputs: Mapping[str, str]) -> None:
        if (job.workspace / inputs["path"]).exists():
            kept = job.folder / "cache"
            shutil.copytree(job.workspace / inputs["path"], kept)
            self._caches[inputs["key"]] = kept

    def restore(self, job: Job, inputs: Mapping[str, str]) -> None:
        found = [key for key in self._caches if key.startswith(inputs["restore-keys"])]
        if found:
            shutil.copytree(self._caches[found[-1]], job.workspace / inputs["path"])

    def upload(self, job: Job, inputs: Mapping[str, str]) -> None:
        """Below the folder that all paths have in common."""
        paths = [job.workspace / path for path in inputs["path"].split()]
        common = Path(os.path.commonpath(paths))
        shutil.rmtree(self._artifacts / inputs["name"], ignore_errors=True)
        for path in paths:
            if path.exists():
                shutil.copytree(path, self._artifacts / inputs["name"] / path.relative_to(common))

    def download(self, job: Job, inputs: Mapping[str, str]) -> None:
        into = job.workspace / inputs["path"]
        shutil.copytree(self._artifacts / inputs["name"], into, dirs_exist_ok=True)

    @property
    def opened(self) -> list[str]:
        """Pull requests."""
        return [line for line in self.calls.read_text().splitlines() if "pr create" in line]


@pytest.fixture
def service(repository: Path, python: Path, tmp_path: Path) -> Service:
    origin = tmp_path / "origin.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(origin))
    git(repository, "remote", "add", "origin", str(origin))
    return Service(origin, python, tmp_path)


@pytest.fixture
def runner(service: Service, wheel: Path, tmp_path: Path) -> Runner:
    machine = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(tmp_path),
    }
    (tmp_path / "home").mkdir()
    variables = {"AGENTOS_SOURCE": str(wheel)}
    return Runner(read_workflow(WORKFLOW), tmp_path, service.stand_ins, machine, vars=variables)


def codes(job: Job) -> dict[str, int]:
    return {name: step.code for name, step in job.steps.items() if step.code}


def everything(jobs: Mapping[str, Job]) -> str:
    steps = [step for job in jobs.values() for step in job.steps.values()]
    return "\n".join(step.output + step.summary for step in steps)


def test_a_night_makes_documents_and_proposes_them(
    runner: Runner, service: Service, repository: Path
) -> None:
    jobs = runner.run("schedule")

    assert not jobs["forecast"].steps
    designs, propose = jobs["designs"], jobs["propose"]
    assert codes(designs) == codes(propose) == {}, everything(jobs)
    assert "2 approved, 1 needs revision" in designs.steps[RUN].output
    assert designs.steps[RUN].summary.startswith("### agentos: 2 approved, 1 needs revision\n")
    assert "exit code 3" in designs.steps[RUN].summary
    branch = git(repository, "ls-remote", "--heads", "origin")
    assert "refs/heads/agentos/documents" in branch
    changed = git(service.origin, "diff", "--name-only", "main", "agentos/documents").split()
    assert "docs/lld/active/LLD-042.md" in changed
    assert "docs/lld/lld-status.json" in changed
    assert all(path.startswith(("docs/lld/", "docs/lineage/")) for path in changed)
    assert len(service.opened) == 1
    assert "--base main --head agentos/documents" in service.opened[0]

    again = runner.run("schedule")  # nothing is new, and nothing is merged yet
    assert codes(again["designs"]) == {}, everything(again)
    assert "nothing to do: every item is finished" in again["designs"].steps[RUN].summary
    assert not again["propose"].steps

    issue = next((repository / "issues").glob("042-*"))
    issue.write_text(issue.read_text().replace("BibTeX", "BibLaTeX"))
    commit(repository, "Another format")
    git(repository, "push", "--quiet", "origin", "main")
    third = runner.run("workflow_dispatch")
    assert codes(third["designs"]) == codes(third["propose"]) == {}, everything(third)
    assert "1 approved, 2 skipped" in third["designs"].steps[RUN].output
    shown = git(service.origin, "show", "agentos/documents:docs/lld/active/LLD-042.md")
    assert "BibLaTeX" in shown
    assert len(service.opened) == 1  # it is open, and has one commit more


def test_models_of_a_provider_with_a_key_of_the_repository(
    runner: Runner, service: Service
) -> None:
    with LoopbackServer(author) as server:
        model = "openai/draft-1"
        runner.machine = {**runner.machine, "OPENAI_BASE_URL": server.base_url("openai")}
        runner.vars = {
            **runner.vars,
            "AGENTOS_SOURCE": f"{runner.vars['AGENTOS_SOURCE']}[openai]",
            "AGENTOS_DRAFTER": model,
            "AGENTOS_CREDENTIALS": "team:TEAM_API_KEY:openai",
            "AGENTOS_MAX_TOKENS": "2000000",
        }
        runner.secrets = {"TEAM_API_KEY": SECRET}
        jobs = runner.run("schedule")
        assert server.wait_idle()
    assert codes(jobs["designs"]) == codes(jobs["propose"]) == {}, everything(jobs)
    assert {exchange.asked.secret for exchange in server.exchanges} == {SECRET}
    summary = jobs["designs"].steps[RUN].summary
    assert "| item | title | outcome | document | time | used |" in summary
    assert "this batch has spent " in summary
    assert SECRET not in everything(jobs)
    with_secret = [
        path
        for path in runner.scratch.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert with_secret == []
    assert len(service.opened) == 1


def test_a_limit_that_is_reached_fails_the_job_and_keeps_the_state(runner: Runner) -> None:
    with LoopbackServer(author) as server:
        runner.machine = {**runner.machine, "OPENAI_BASE_URL": server.base_url("openai")}
        runner.vars = {
            **runner.vars,
            "AGENTOS_DRAFTER": "openai/draft-1",
            "AGENTOS_CREDENTIALS": "team:TEAM_API_KEY:openai",
            "AGENTOS_MAX_TOKENS": "1000",
        }
        runner.secrets = {"TEAM_API_KEY": SECRET}
        jobs = runner.run("schedule")
    assert codes(jobs["designs"]) == {RUN: 4}, everything(jobs)
    assert "to go on, give a higher limit" in jobs["designs"].steps[RUN].summary
    assert "actions/cache/save" in "".join(map(str, runner.workflow["jobs"]["designs"]["steps"]))
    assert (jobs["designs"].folder / "cache").exists()


def cancel(_job: Job, process: "subprocess.Popen[bytes]") -> None:
    """As the runner does it: the shell alone, first kindly."""
    process.send_signal(signal.SIGINT)


def kill(_job: Job, process: "subprocess.Popen[bytes]") -> None:
    """As a machine does it that has no memory left: the supervisor and its children."""
    for one in psutil.Process(process.pid).children(recursive=True):
        one.kill()


def after_a_step(then: Meddle) -> Meddle:
    def meddle(job: Job, process: "subprocess.Popen[bytes]") -> None:
        workspace = Workspace(job.workspace, job.folder)
        wait_until(lambda: workspace.steps("step_finished"), "a step is finished")
        then(job, process)

    return meddle


@pytest.mark.parametrize(("end", "code"), [(cancel, 143), (kill, 137)])
def test_a_run_that_is_ended_in_the_middle_goes_on_with_the_state_that_was_kept(
    runner: Runner, service: Service, end: Meddle, code: int
) -> None:
    usual = runner.machine
    runner.machine = {**usual, "AGENTOS_EMBEDDED_LATENCY": "0.7"}
    stopped = runner.run("schedule", {RUN: after_a_step(end)})["designs"]
    assert codes(stopped) == {RUN: code}, stopped.steps[RUN].output
    if end is cancel:
        assert "### agentos: " in stopped.steps[RUN].summary
        assert "interrupted (LLD-" in stopped.steps[RUN].summary
        assert f"exit code {code}" in stopped.steps[RUN].summary
    journals = Workspace(stopped.workspace, stopped.folder).journals
    assert journals

    runner.machine = usual
    jobs = runner.run("schedule")
    assert codes(jobs["designs"]) == codes(jobs["propose"]) == {}, everything(jobs)
    assert "resuming after" in jobs["designs"].steps[RUN].output
    resumed = Workspace(jobs["designs"].workspace, jobs["designs"].folder)
    resumed.assert_no_step_ran_twice()
    assert resumed.journals == []
    assert len(list((resumed.root / "docs/lld/active").iterdir())) == 3
    assert len(service.opened) == 1


def test_a_pull_request_gets_a_forecast_without_a_key(runner: Runner, repository: Path) -> None:
    (repository / "agentos.toml").write_text('drafter = "openai/x"\n')
    commit(repository, "Our model")
    git(repository, "push", "--quiet", "origin", "main")
    jobs = runner.run("pull_request")
    assert codes(jobs["forecast"]) == {}, everything(jobs)
    assert not jobs["designs"].steps
    assert not jobs["propose"].steps
    step = jobs["forecast"].steps["Read the backlog"]
    assert step.summary.startswith("### agentos: Dry run: 3 of 3 items would run.\n")
    assert not (jobs["forecast"].workspace / ".agentos").exists()


def test_a_backlog_that_cannot_be_read_fails_the_pull_request(
    runner: Runner, repository: Path
) -> None:
    (repository / "issues/42-again.md").write_text("# Again\n")
    commit(repository, "Twice")
    git(repository, "push", "--quiet", "origin", "main")
    jobs = runner.run("pull_request")
    assert codes(jobs["forecast"]) == {"Read the backlog": 2}
    assert "42" in jobs["forecast"].steps["Read the backlog"].summary


def test_without_a_source_the_first_step_says_so(runner: Runner) -> None:
    runner.vars = {}
    jobs = runner.run("pull_request")
    assert codes(jobs["forecast"]) == {"Install agentos": 1}
    assert "set this variable of the repository" in jobs["forecast"].steps["Install agentos"].output
