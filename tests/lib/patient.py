"""A project and the installed `agentos doctor` on it, with what it said taken apart."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ISSUE = """# Sort the shelf

## Objective
Books stand in the order of their titles.

## Acceptance Criteria
- `shelf.py` sorts by title.
"""

BIN = Path(sys.executable).parent


class Line(NamedTuple):
    """One finding; `text` is its sentence and its hint, `command` what stands behind the `$`."""

    level: str
    subject: str
    text: str
    command: str


@dataclass(frozen=True)
class Diagnosis:
    """What the command printed and how it ended."""

    code: int
    output: str

    @property
    def lines(self) -> list[Line]:
        found: list[Line] = []
        for text in self.output.splitlines():
            if head := re.match(r"(ok|warning|fault) +(\S+(?: \S+)*)  +(.*)", text):
                found.append(Line(head[1], head[2], head[3], ""))
            elif text.startswith(" ") and found:
                last = found.pop()
                word = text.strip()
                if word.startswith("$ "):
                    found.append(last._replace(command=word.removeprefix("$ ")))
                else:
                    found.append(last._replace(text=f"{last.text} {word}"))
        return found

    def of(self, level: str) -> list[Line]:
        return [line for line in self.lines if line.level == level]

    def about(self, subject: str) -> list[Line]:
        return [line for line in self.lines if line.subject == subject]


@dataclass
class Patient:
    """A project in which all is well, until a test breaks something."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()
    """Words that every command is started with."""

    @classmethod
    def healthy(cls, root: Path) -> "Patient":
        """A repository with one issue."""
        (root / "issues").mkdir(parents=True)
        (root / "issues" / "001-sort.md").write_text(ISSUE)
        patient = cls(root)
        patient.shell("git init --quiet")
        return patient

    def doctor(self) -> Diagnosis:
        """Look, with the command that is installed."""
        return self.shell("agentos doctor")

    def mended_by(self, command: str, stdin: str = "") -> Diagnosis:
        """Type a command, then look again, in one shell, as its user does."""
        return self.shell(f"{command} || exit 99\nagentos doctor", stdin)

    def shell(self, script: str, stdin: str = "") -> Diagnosis:
        done = subprocess.run(
            [*self.before, "bash", "-c", script],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd=self.root,
            env=self._environment(),
            check=False,
        )
        return Diagnosis(done.returncode, done.stdout)

    def _environment(self) -> Mapping[str, str]:
        return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | self.environ
