"""A project and a user's config for commands that run in this process."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Agentos

from agentos.cli import main


@pytest.fixture(autouse=True)
def _same_handler_after() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def agentos(project: Path, capsys: pytest.CaptureFixture[str]) -> Agentos:
    """The command, on the project."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main.run([*arguments, "--project", str(project)])
        output = capsys.readouterr()
        return code, output.out + output.err

    return run
