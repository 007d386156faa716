"""`agentos doctor` on projects that are broken for real: it names the fault, and its command mends.

Each command is run in a shell just as it was printed; after that the fault is named no more.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from patient import ISSUE, Patient
from trees import snapshot

SECRET = "sk-doctor-0123456789abcdef"  # nosec: made up
TWO_COMMANDS = 'drafter = "command/mine"\n[commands.mine]\nargv = ["no-such-program-here"]\n'


@pytest.fixture
def user_folder(own_home: Path) -> Path:
    folder = own_home / "config" / "agentos"
    folder.mkdir(parents=True)
    return folder


Break = Callable[[Path, Path], object]
"""Breaks a project; given are its folder and the user's config folder."""


@dataclass(frozen=True)
class SetUp:
    """What is broken, what has to be said about it and, in part, to be typed."""

    what: str
    breaks: Break
    subject: str
    says: str
    types: str
    environ: dict[str, str] = field(default_factory=dict)
    stdin: str = ""


def write(path: Path, text: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)


def link(path: Path, target: Path) -> None:
    target.mkdir(parents=True)
    if path.is_dir():
        for file in path.iterdir():
            file.rename(target / file.name)
        path.rmdir()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def two_configs(project: Path) -> None:
    write(project / "agentos.toml", "budget = 1\n")
    write(project / "pyproject.toml", "[tool.agentos]\nbudget = 2\n")


def committed_index(project: Path) -> None:
    write(project / "docs/lld/lld-status.json", '{"schema": 1, "items": {}}\n')
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (("add", "."), (*name, "commit", "--quiet", "--message", "index")):
        subprocess.run(["git", "-C", str(project), *words], check=True)
    write(project / "docs/lld/lld-status.json", "<<<<<<< ours\n")


CREDENTIAL = '[[credential]]\nname = "team"\nprovider = "openai"\n'
OPENAI = {"AGENTOS_DRAFTER": "openai/some-model"}

SET_UPS = [
    SetUp(
        "no backlog",
        lambda project, _: shutil.rmtree(project / "issues"),
        "issues",
        "There is no folder issues",
        "agentos init",
    ),
    SetUp(
        "issues without a number",
        lambda project, _: (project / "issues/001-sort.md").rename(project / "issues/it's new.md"),
        "issues",
        "there is no issue",
        "mv ",
    ),
    SetUp(
        "two issues of one number",
        lambda project, _: write(project / "issues/01-two.md", ISSUE),
        "issues",
        "Issue 1 exists more than once",
        "mv issues/01-two.md issues/002-two.md",
    ),
    SetUp(
        "the backlog is a symlink",
        lambda project, _: link(project / "issues", project.parent / "else where"),
        "issues",
        "issues is a symlink",
        "rm issues && mkdir issues && cp ",
    ),
    SetUp(
        "an issue that is no text",
        lambda project, _: write(project / "issues/002-latin.md", b"# caf\xe9"),
        "LLD-2",
        "002-latin.md is not UTF-8 text",
        "${EDITOR:-vi} issues/002-latin.md",
    ),
    SetUp(
        "a config that is no TOML",
        lambda project, _: write(project / "agentos.toml", "drafter = embedded\n"),
        "settings",
        "agentos.toml is not valid TOML at line 1",
        "${EDITOR:-vi} agentos.toml",
    ),
    SetUp(
        "two configs of the project",
        lambda project, _: two_configs(project),
        "settings",
        "both agentos.toml and [tool.agentos] in pyproject.toml are there",
        "mv agentos.toml agentos.toml.aside",
    ),
    SetUp(
        "a list of trusted projects that is damaged",
        lambda _, folder: write(folder / "trusted.json", "[", 0o600),
        "trust",
        "trusted.json is damaged",
        "rm ",
    ),
    SetUp(
        "a project that is not trusted",
        lambda project, _: write(project / "agentos.toml", "[prices.x]\ninput = 1\noutput = 2\n"),
        "trust",
        "this project is not trusted",
        "agentos config trust",
    ),
    SetUp(
        "a provider that there is not",
        lambda _project, _folder: None,
        "drafter",
        "there is no provider 'opnai' of models is openai meant?",
        "unset AGENTOS_DRAFTER",
        environ={"AGENTOS_DRAFTER": "opnai/some-model"},
    ),
    SetUp(
        "a program that is not there",
        lambda _, folder: write(folder / "config.toml", TWO_COMMANDS),
        "drafter",
        "no-such-program-here' of command/mine is not on PATH",
        "${EDITOR:-vi} ",
    ),
    SetUp(
        "no key for the model",
        lambda _project, _folder: None,
        "credentials",
        "openai/some-model needs a key",
        "agentos credentials add openai --provider openai",
        environ=OPENAI,
        stdin=SECRET,
    ),
    SetUp(
        "a key that others can read",
        lambda _, folder: write(
            folder / "credentials.toml", f'{CREDENTIAL}secret = "{SECRET}"\n', 0o644
        ),
        "credentials",
        "holds a secret and is open to other users",
        "chmod 600 ",
    ),
    SetUp(
        "a stored name of a variable that is not set",
        lambda _, folder: write(
            folder / "credentials.toml", f'{CREDENTIAL}env = "TEAM_KEY"\n', 0o600
        ),
        "credentials",
        "the variable TEAM_KEY is not set",
        "agentos credentials add team --provider openai --replace",
        stdin=SECRET,
    ),
    SetUp(
        "a named variable that is not set",
        lambda _project, _folder: None,
        "credentials",
        "the variable TEAM_KEY is not set",
        "read -rs TEAM_KEY && export TEAM_KEY",
        environ={"AGENTOS_CREDENTIALS": "team:TEAM_KEY:openai"},
        stdin=f"{SECRET}\n",
    ),
    SetUp(
        "two credentials of one name",
        lambda _, folder: write(
            folder / "credentials.toml", f'{CREDENTIAL}secret = "{SECRET}"\n', 0o600
        ),
        "credentials",
        "two credentials are called team",
        "agentos credentials remove team",
        environ={"AGENTOS_CREDENTIALS": "team:TEAM_KEY:openai", "TEAM_KEY": SECRET},
    ),
    SetUp(
        "an index with a conflict, and git has an older one",
        lambda project, _: committed_index(project),
        "index",
        "lld-status.json cannot be used: it is no JSON",
        "git -C . checkout HEAD -- docs/lld/lld-status.json",
    ),
    SetUp(
        "documents that would go elsewhere",
        lambda project, _: link(project / "docs", project.parent / "elsewhere"),
        "documents",
        "docs is a symlink",
        "rm docs",
    ),
    SetUp(
        "a journal that is a symlink",
        lambda project, _: link(
            project / ".agentos/checkpoints/lld_workflow_1.db", project.parent / "victim"
        ),
        "state",
        "lld_workflow_1.db is a symlink",
        "rm .agentos/checkpoints/lld_workflow_1.db",
    ),
    SetUp(
        "costs that cannot be read",
        lambda project, _: write(project / ".agentos/spending-lld.ndjson", "{}\n"),
        "journals",
        "what this batch has cost so far cannot be told",
        "rm .agentos/spending-lld.ndjson",
    ),
    SetUp(
        "no temporary folder",
        lambda _project, _folder: None,
        "sockets",
        "no folder for a run's socket can be made in /no/such/folder",
        "export TMPDIR=/tmp",
        environ={"TMPDIR": "/no/such/folder"},
    ),
]


def name_of(set_up: SetUp) -> str:
    return set_up.what


@pytest.mark.parametrize("set_up", SET_UPS, ids=name_of)
def test_the_fault_is_named_and_its_command_mends_it(
    patient: Patient, user_folder: Path, tmp_path: Path, set_up: SetUp
) -> None:
    editor = tmp_path / "editor"
    # Puts what is harmless in the place of everything: a comment of TOML, a title of Markdown.
    write(editor, '#!/bin/sh\necho "# New" > "$1"\n', 0o755)
    patient.environ = {"EDITOR": str(editor)} | set_up.environ
    set_up.breaks(patient.root, user_folder)
    before = snapshot(patient.root, user_folder)

    found = patient.doctor()

    assert found.code == 1, found.output
    assert snapshot(patient.root, user_folder) == before
    [fault] = found.of("fault")
    assert fault.subject == set_up.subject
    assert set_up.says in fault.text
    assert fault.command.startswith(set_up.types)

    after = patient.mended_by(fault.command, set_up.stdin)

    assert after.code == 0, after.output
    assert not after.of("fault")
    assert SECRET not in found.output + after.output


def test_a_healthy_project(patient: Patient, own_home: Path) -> None:
    temporary = own_home / "tmp"
    temporary.mkdir()
    patient.environ = {"TMPDIR": str(temporary)}
    before = snapshot(patient.root, own_home)

    found = patient.doctor()

    assert found.code == 0, found.output
    assert {line.level for line in found.lines if line.subject != "disk"} == {"ok"}
    assert not [line for line in found.lines if line.command]
    assert "\x1b" not in found.output
    after = snapshot(patient.root, own_home)
    assert after.keys() == before.keys()
    after[str(temporary)] = before[str(temporary)]  # Python tries whether it can write there
    assert after == before
