"""What a program gets to see."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from stand_ins import KEY_VARIABLE, REQUEST, Programs

from agentos.core.calls import Answer
from agentos.core.model_settings import CommandSettings
from agentos.core.paths import GUARDIAN_VARIABLE, JOURNAL_VARIABLE
from agentos.models.command.environment import program_environment
from agentos.models.prompt import join

# Values are turned round, so that no masking touches them.
SHOW = """
import json, os, stat, sys
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
json.dump({
    "folder": os.getcwd(),
    "entries": os.listdir(),
    "mode": stat.S_IMODE(os.stat(".").st_mode),
    "argv": sys.argv,
    "environment": {name: value[::-1] for name, value in os.environ.items()},
    "descriptors": [fd for fd in range(1000) if is_open(fd)],
    "leads_session": os.getsid(0) == os.getpid(),
    "prompt": sys.stdin.read(),
}, sys.stdout)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that this process works in, as a child of the supervisor does."""
    folder = tmp_path / "project-to-hide"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("PWD", "OLDPWD", "VIRTUAL_ENV", "PYTHONPATH", JOURNAL_VARIABLE):
        monkeypatch.setenv(name, str(folder / name))
    return folder


def show(programs: Programs, *arguments: str, secret: str | None = None, **more: Any) -> Any:
    answer = programs.model(SHOW, *arguments, **more).complete(REQUEST, secret)
    assert isinstance(answer, Answer)
    return json.loads(answer.text)


def test_it_starts_in_an_empty_folder_of_its_own_that_is_gone_afterwards(
    programs: Programs,
) -> None:
    first, second = show(programs), show(programs)
    assert (first["entries"], first["mode"]) == ([], 0o700)
    assert Path(first["folder"]).parent == Path(tempfile.gettempdir()).resolve()
    assert first["folder"] != second["folder"]
    assert not Path(first["folder"]).exists()


def test_what_it_writes_there_goes_with_the_folder(programs: Programs) -> None:
    answer = programs.ask(
        "import os; os.makedirs('a/b'); open('a/b/c', 'w').close(); print(os.getcwd())"
    )
    assert isinstance(answer, Answer)
    assert not Path(answer.text).exists()


def test_it_sees_nothing_of_the_project(programs: Programs, project: Path) -> None:
    shown = show(programs, secret="sk-own")
    for value in shown["environment"].values():
        assert str(project) not in value[::-1]
    del shown["environment"]
    assert project.name not in json.dumps(shown)


def test_it_gets_its_own_key_and_no_other(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sk-foreign")
    monkeypatch.setenv(KEY_VARIABLE, "sk-old")
    shown = show(programs, "--flag", secret="sk-own")
    assert shown["environment"][KEY_VARIABLE] == "sk-own"[::-1]
    assert "sk-foreign"[::-1] not in shown["environment"].values()
    assert shown["argv"][1:] == ["--flag"]
    assert KEY_VARIABLE not in show(programs)["environment"]


def test_it_inherits_no_descriptor_but_its_standard_ones(programs: Programs) -> None:
    reader, writer = os.pipe()
    try:
        os.set_inheritable(writer, True)
        assert show(programs)["descriptors"] == [0, 1, 2]
    finally:
        os.close(reader)
        os.close(writer)


def test_it_has_a_session_of_its_own(programs: Programs) -> None:
    assert show(programs)["leads_session"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_guardian_is_no_stray_for_the_engine_to_kill(programs: Programs, project: Path) -> None:
    body = "import os; print(open(f'/proc/{os.getppid()}/environ').read().replace('\\0', '\\n'))"
    answer = programs.ask(body)
    assert isinstance(answer, Answer)
    assert "OLDPWD=" in answer.text
    assert JOURNAL_VARIABLE not in answer.text
    assert f"{GUARDIAN_VARIABLE}=1" in answer.text.splitlines()


def test_it_reads_the_whole_prompt_and_then_the_end(programs: Programs) -> None:
    assert show(programs)["prompt"] == join(REQUEST).whole


def test_its_environment_is_what_programs_need() -> None:
    environ = {
        "PATH": f"/usr/bin{os.pathsep}.{os.pathsep}node_modules/.bin{os.pathsep}/opt/bin",
        "HOME": "/home/ada",
        "LC_ALL": "C.UTF-8",
        "HTTPS_PROXY": "http://proxy",
        "no_proxy": "localhost",
        "TERM": "xterm",
        "WANTED": "1",
        "EDITOR": "vi",
        JOURNAL_VARIABLE: "/project/.agentos/a.db",
    }
    command = CommandSettings(("tool",), keep=("WANTED", "ABSENT"))
    assert program_environment(environ, command, "sk-unused") == {
        "PATH": f"/usr/bin{os.pathsep}/opt/bin",
        "HOME": "/home/ada",
        "LC_ALL": "C.UTF-8",
        "HTTPS_PROXY": "http://proxy",
        "no_proxy": "localhost",
        "WANTED": "1",
        "TERM": "dumb",
        "NO_COLOR": "1",
    }
