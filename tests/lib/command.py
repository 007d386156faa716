"""Drives the installed command on a copy of the sample project, as users run it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
from processes import is_gone

SAMPLE = Path(__file__).parents[2] / "examples" / "shelf"

PATIENCE = 180.0
"""Seconds until a wait counts as failed; only a defect ever waits so long."""

ValueT = TypeVar("ValueT")

Agentos = Callable[..., tuple[int, str]]
"""Runs the command in this process; gives its exit code and all that it printed."""


def wait_until(condition: Callable[[], ValueT], what: str, *, patience: float = PATIENCE) -> ValueT:
    """Poll until the condition gives something true."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)
    return value


@dataclass
class Running:
    """A started command."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def children(self) -> list[psutil.Process]:
        """Its workflow processes, in the order of their start."""
        try:
            found = psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []
        return [child for child in found if _is_workflow(child)]

    def wait_for_children(self, count: int) -> list[psutil.Process]:
        """Give the children once there are as many."""
        wait_until(lambda: len(self.children()) >= count, f"there are {count} children")
        return self.children()

    def kill_all(self) -> None:
        """SIGKILL for the command and its children at one instant."""
        children = self.children()
        self.process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self.process.wait()

    def finish(self, *, patience: float = PATIENCE) -> tuple[int, str]:
        """Wait for its end; gives exit code (negative for a signal) and all that it printed."""
        code = self.process.wait(patience)
        return code, self.text()

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")


def still_running(processes: "list[psutil.Process]", *, after: float) -> list[psutil.Process]:
    """Those that run `after` seconds from now; a zombie that only init has to reap is none."""
    deadline = time.monotonic() + after
    while (
        left := [one for one in processes if not is_gone(one.pid)]
    ) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


def _is_workflow(process: psutil.Process) -> bool:
    try:
        return "agentos.child" in process.cmdline()
    except psutil.Error:
        return False


@dataclass
class Workspace:
    """A copy of the sample project and the command to run on it."""

    root: Path
    scratch: Path
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self, *arguments: str, **environ: str) -> Running:
        """Start `agentos ARGUMENTS --project ROOT` in a session of its own."""
        output = self.scratch / f"output-{time.monotonic_ns()}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "agentos", *arguments, "--project", str(self.root)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | environ,
                cwd=self.scratch,
                start_new_session=True,
            )
        self.started.append(process)
        return Running(process, output)

    def run(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """Run the command to its end."""
        return self.start(*arguments, **environ).finish()

    @property
    def journals(self) -> list[str]:
        """Names of the checkpoints' databases."""
        return sorted(path.name for path in (self.root / ".agentos/checkpoints").glob("*.db"))

    @property
    def runs(self) -> list[Path]:
        """Folders of all runs, oldest first."""
        folder = self.root / ".agentos/logs/parallel"
        return sorted(folder.glob("*"), key=lambda run: run.stat().st_mtime_ns)

    def summary(self, run: Path) -> Mapping[str, Any]:
        loaded: Mapping[str, Any] = json.loads((run / "summary.json").read_text())
        return loaded

    def events(self, run: Path) -> list[Mapping[str, Any]]:
        """What the run has recorded so far, in the order in which it was written."""
        return [json.loads(line) for line in (run / "events.ndjson").read_text().splitlines()]

    def steps(self, event: str) -> dict[str, list[str]]:
        """Names of the steps with this event, by item, over all runs in their order."""
        found: dict[str, list[str]] = {}
        for run in self.runs:
            for audit in sorted(run.glob("workflow-audit-*.jsonl")):
                for line in audit.read_text().splitlines():
                    data = json.loads(line)
                    if data["event"] == event:
                        found.setdefault(data["item"], []).append(data["step"])
        return found

    def assert_no_step_ran_twice(self) -> None:
        for item, steps in self.steps("step_finished").items():
            assert len(steps) == len(set(steps)), (item, steps)

    def keep_issues(self, *numbers: str) -> None:
        """Remove all issues but those."""
        for path in (self.root / "issues").glob("*.md"):
            if path.name.partition("-")[0] not in numbers:
                path.unlink()


@contextlib.contextmanager
def sample_workspace(folder: Path) -> Iterator[Workspace]:
    """The sample project in a new folder; afterwards no process may be left that works on it."""
    root = folder / "shelf"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".agentos", "__pycache__"))
    workspace = Workspace(root, folder)
    yield workspace
    leftovers = processes_of(folder)
    for process in workspace.started:
        process.kill()
        process.wait()
    for leftover in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            leftover.kill()
    assert not leftovers, leftovers


def processes_of(folder: Path) -> list[psutil.Process]:
    """Living processes whose command line or journal lies in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            journal = process.environ().get("AGENTOS_WORKFLOW_DB", "")
            words = [*process.cmdline(), journal]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in w for w in words):
                found.append(process)
        except psutil.Error:
            continue
    return found
