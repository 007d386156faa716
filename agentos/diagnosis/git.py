"""Whether git keeps what is worth keeping, and leaves out what is not; asked, never told."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from agentos.core.items import Kind
from agentos.core.shell import quoted
from agentos.diagnosis.finding import Finding, ok, warning
from agentos.diagnosis.surroundings import Surroundings
from agentos.workspace.project import OUTPUTS
from agentos.workspace.survey import has_backlog

_SUBJECT = "git"
_SECONDS = 5.0
_OF_ANOTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_SAMPLE = "001.md"  # as a file of a folder that documents go to

Answer = subprocess.CompletedProcess[str]


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Warnings at most: no run needs git."""
    if shutil.which("git", path=surroundings.environ.get("PATH")) is None:
        yield warning(
            _SUBJECT,
            "git is not installed, so nothing keeps earlier versions of the documents",
            hint="https://git-scm.com says how to install it",
        )
        return
    try:
        yield from _repository(surroundings)
    except (OSError, subprocess.SubprocessError) as error:
        yield warning(_SUBJECT, f"git does not answer: {type(error).__name__}")


def is_tracked(surroundings: Surroundings, path: Path) -> bool:
    """Whether git knows the file, so that it can give back an earlier version."""
    try:
        answer = ask(surroundings, "ls-files", "--error-unmatch", "--", str(path))
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 0


def ask(surroundings: Surroundings, *words: str) -> Answer:
    """A question that changes nothing; raises OSError, and TimeoutExpired after some seconds."""
    kept = {
        name: value
        for name, value in surroundings.environ.items()
        if name not in _OF_ANOTHER_REPOSITORY
    }
    # A repository's own config may name a program that looks for changes: it is not run.
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(surroundings.project.root), *words]
    with subprocess.Popen(
        command,
        env=kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        start_new_session=True,  # so that what it started can be ended with it
    ) as process:
        try:
            out, err = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Answer(command, process.returncode, out, err)


def _repository(surroundings: Surroundings) -> Iterator[Finding]:
    answer = ask(surroundings, "rev-parse", "--show-toplevel")
    top = answer.stdout.rstrip("\n")
    if answer.returncode or not top:
        yield _no_repository(surroundings, answer.stderr.splitlines())
        return
    findings = [*_tracked_state(surroundings), *_ignored(surroundings, Path(top))]
    yield from findings or [ok(_SUBJECT, "the project is in a repository that takes its documents")]


def _no_repository(surroundings: Surroundings, said: list[str]) -> Finding:
    folder = surroundings.word(surroundings.project.root)
    told = next((line for line in said if line.startswith("fatal: ")), "no work tree is here")
    if "not a git repository" in told:
        return warning(
            _SUBJECT,
            "the project is in no repository, so nothing keeps earlier versions of the documents",
            command=f"git init {folder}",
        )
    trust = "dubious ownership" in told
    absolute = quoted(str(surroundings.project.root))
    return warning(
        _SUBJECT,
        f"git does not look into this folder: {told.removeprefix('fatal: ')}",
        command=f"git config --global --add safe.directory {absolute}" if trust else "",
    )


def _tracked_state(surroundings: Surroundings) -> Iterator[Finding]:
    root, state = surroundings.project.root, surroundings.project.state.root
    if not state.is_relative_to(root):
        return
    if ask(surroundings, "ls-files", "--", str(state)).stdout.strip():
        there = quoted(str(state.relative_to(root)))
        yield warning(
            _SUBJECT,
            f"{surroundings.name(state)} is in the repository, but logs and journals are private",
            command=f"git -C {surroundings.word(root)} rm -r --cached --quiet -- {there}",
        )


def _ignored(surroundings: Surroundings, top: Path) -> Iterator[Finding]:
    """Places of documents, by the rule that ignores them; what is tracked is kept all the same."""
    places = [
        place if Path(place).suffix else f"{place}/{_SAMPLE}"
        for kind in Kind
        if has_backlog(surroundings.project, kind)
        for place in OUTPUTS[kind]
    ]
    if not places:
        return
    answer = ask(surroundings, "check-ignore", "--verbose", "--", *dict.fromkeys(places))
    by_rule: dict[str, list[str]] = {}
    for line in answer.stdout.splitlines():
        rule, _, place = line.partition("\t")
        if not rule.split(":", 2)[-1].startswith("!"):
            by_rule.setdefault(rule, []).append(place.removesuffix(f"/{_SAMPLE}"))
    for rule, ignored in by_rule.items():
        source = Path(os.path.normpath(top / rule.partition(":")[0]))
        yield warning(
            _SUBJECT,
            f"git ignores {', '.join(ignored)}, by the rule {rule}",
            command=surroundings.edit(source),
        )
