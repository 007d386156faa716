"""A project and a user's config for commands that run in this process."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import Agentos

from agentos.cli import main
from agentos.core.paths import user_config_folder


@pytest.fixture(autouse=True)
def _same_handler_after() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def environ(own_home: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(own_home / "config"), "PATH": "/bin:/usr/bin"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def user_config(environ: dict[str, str]) -> Callable[[str], None]:
    folder = user_config_folder(environ)

    def write(text: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(text)

    return write


@pytest.fixture
def agentos(project: Path, capsys: pytest.CaptureFixture[str]) -> Agentos:
    """The command, on the project."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main.run([*arguments, "--project", str(project)])
        output = capsys.readouterr()
        return code, output.out + output.err

    return run
