"""The three runners, each told to run N children of one program."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runners.child import MARK

_ROOT = Path(__file__).parents[2]
_CHILD = (sys.executable, "-m", "benchmarks.runners.child")

_CHILDREN_OF_OURS = """
import agentos.engines.child_process as child_process
child_process.CHILD_COMMAND = {command!r}
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A command line, and what its environment has beyond ours."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Runner:
    """`prepare(folder, program, count)` gives the start of a run whose files are in the folder."""

    name: str
    version: str
    prepare: Callable[[Path, str, int], Start]

    def start(
        self, folder: Path, program: str, count: int, stdout: int, *, redirected: str = ""
    ) -> "subprocess.Popen[bytes]":
        """In a session of its own, as the foreground job of a terminal is one group.

        `redirected` is what a shell would find behind the command.
        """
        start = self.prepare(folder, program, count)
        return subprocess.Popen(
            ("/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *start.command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {MARK: str(folder), "PYTHONPATH": str(_ROOT), "HOME": str(folder)}
            | dict(start.environ),
            start_new_session=True,
        )


def _agentos(folder: Path, program: str, count: int) -> Start:
    for number in range(1, count + 1):
        (folder / "issues").mkdir(exist_ok=True)
        (folder / f"issues/{number:03}-an-item.md").write_text(f"# Item {number}\n\nSome work.\n")
    patches = folder / "patches"
    patches.mkdir()
    command = (*_CHILD, program, "agentos", str(count), str(folder))
    (patches / "sitecustomize.py").write_text(_CHILDREN_OF_OURS.format(command=command))
    return Start(
        (sys.executable, "-m", "agentos", "parallel", "lld", "--all", "-j", "10", "--retries", "0"),
        {
            "PYTHONPATH": f"{patches}{os.pathsep}{_ROOT}",
            "AGENTOS_HOME": str(folder / "home"),
        },
    )


def _parallel(folder: Path, program: str, count: int) -> Start:
    lines = (_line(program, n, count, folder) for n in _to(count))
    options = ("--will-cite", "--line-buffer", "--tag", "-j", "10")
    return Start(("parallel", *options, ":::", *lines), {})


def _honcho(honcho: Path) -> Callable[[Path, str, int], Start]:
    def prepare(folder: Path, program: str, count: int) -> Start:
        lines = (f"child{n}: exec {_line(program, n, count, folder)}\n" for n in _to(count))
        (folder / "Procfile").write_text("".join(lines))
        return Start((str(honcho), "start", "-f", str(folder / "Procfile")), {})

    return prepare


def _line(program: str, number: int, count: int, folder: Path) -> str:
    return shlex.join((*_CHILD, program, str(number), str(count), str(folder)))


def _to(count: int) -> range:
    return range(1, count + 1)


def agentos() -> Runner:
    """The one of this clone."""
    return Runner("agentos", _version(sys.executable, "-m", "agentos"), _agentos)


def all_runners(honcho: Path) -> list[Runner]:
    """Those that are compared; `honcho` is where that program is."""
    return [
        agentos(),
        Runner("GNU parallel", _version("parallel"), _parallel),
        Runner("honcho", _version(str(honcho)), _honcho(honcho)),
    ]


def _version(*command: str) -> str:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0].split()[-1]
