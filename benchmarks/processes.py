"""Child processes of a benchmark: told things by lines on stdin, heard by lines of JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from agentos.core.config.credentials import CredentialSet
from agentos.core.config.environment import child_environment

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 10.0  # seconds; a child has little to do once its stdin has ended


class Child:
    """A module of this package in a process of its own; its first line of stdin is `spec`.

    What it is told is in no argument and in no environment, for that may be a key. The end of its
    stdin tells it to end.
    """

    def __init__(self, module: str, spec: Mapping[str, object]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=child_environment(os.environ, CredentialSet()),
            start_new_session=True,  # Ctrl-C is for the parent, which ends its children
            encoding="ascii",
        )
        self.tell(spec)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, what: object) -> None:
        """Write one line of JSON."""
        assert self._process.stdin is not None  # noqa: S101 - Popen was given PIPE
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for one line of JSON; raises RuntimeError where the child ends instead."""
        assert self._process.stdout is not None  # noqa: S101 - Popen was given PIPE
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a child ended, with exit code {self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    @property
    def output_fd(self) -> int:
        """The read end of its stdout."""
        assert self._process.stdout is not None  # noqa: S101 - Popen was given PIPE
        return self._process.stdout.fileno()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def dismiss(self) -> None:
        """End its stdin, which it heeds when it comes to it; twice is fine."""
        assert self._process.stdin is not None  # noqa: S101 - Popen was given PIPE
        self._process.stdin.close()

    def close(self) -> None:
        """Wait until it is gone, and see to it."""
        self.dismiss()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None  # noqa: S101 - Popen was given PIPE
        self._process.stdout.close()


@contextmanager
def children(module: str, specs: Iterable[Mapping[str, object]]) -> Iterator[list[Child]]:
    """One child for each spec; afterwards none is left, and after an error at once."""
    with ExitStack() as stack:
        started: list[Child] = []
        for spec in specs:
            started.append(Child(module, spec))
            stack.callback(started[-1].close)
        try:
            yield started
        except BaseException:
            for child in started:
                child.kill()
            raise
        for child in started:  # all of them, before any is waited for
            child.dismiss()


def told() -> Any:
    """In a child: wait for one line of JSON; None at the end of stdin."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def say(**fields: object) -> None:
    """In a child: tell the parent."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()
