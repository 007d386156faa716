import errno
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Agentos

from agentos.core.files import create_file
from agentos.core.installation import install_command
from agentos.workspace import scaffold
from agentos.workspace.example_issue import EXAMPLE_NAME

Write = Callable[..., None]


@pytest.fixture
def write(project: Path) -> Write:
    def make(*names: str, text: str = "") -> None:
        for name in names:
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text or f"# {path.stem}\n")

    return make


def files(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file()
    }


def drafter(project: Path) -> str | None:
    return tomllib.loads((project / "agentos.toml").read_text()).get("drafter")


def test_an_empty_project_gets_a_config_and_a_first_issue(agentos: Agentos, project: Path) -> None:
    code, output = agentos("init")
    assert code == 0
    assert list(files(project)) == ["agentos.toml", f"issues/{EXAMPLE_NAME}"]
    assert drafter(project) == "embedded"
    assert 'wrote agentos.toml: every setting, explained; drafter = "embedded"' in output
    assert f"wrote issues/{EXAMPLE_NAME}: an example" in output
    steps = output[output.index("Next:") :].splitlines()[1:]
    assert [step.split()[1:4] for step in steps] == [
        ["parallel", "lld", "--all"],
        ["parallel", "lld", "--all"],
        ["doctor", "--project", str(project)],
    ]


def test_the_second_time_there_is_nothing_to_do(agentos: Agentos, project: Path) -> None:
    agentos("init")
    before = files(project)
    code, output = agentos("init")
    assert (code, files(project)) == (0, before)
    assert "agentos.toml is there and stays as it is\nfound 1 issue in issues/, 1 open\n" in output
    assert "nothing to do\n" in output


def test_a_backlog_that_is_there_is_found_and_kept(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("issues/007-a.md", "ideas/active/b.md", "docs/issues/c.md")
    write("issues/8.md", text="---\nstate: closed\n---\n")
    before = files(project)
    code, output = agentos("init")
    assert code == 0
    assert "found 2 issues in issues/, 1 open\nfound 1 brief in ideas/, 1 open\n" in output
    assert {name: text for name, text in files(project).items() if name != "agentos.toml"} == before


def test_a_project_of_briefs_alone_gets_no_example(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("ideas/active/b.md")
    _, output = agentos("init")
    assert list(files(project)) == ["agentos.toml", "ideas/active/b.md"]
    assert "agentos parallel issue --all --dry-run" in output


@pytest.mark.parametrize("name", ["agentos.toml", "pyproject.toml"])
def test_settings_that_are_there_stay(
    agentos: Agentos, project: Path, write: Write, name: str
) -> None:
    table = "[tool.agentos]\n" if name == "pyproject.toml" else ""
    write("issues/1.md")
    write(name, text=f'{table}drafter = "openai/mine"\n')
    before = files(project)
    code, output = agentos("init", "--drafter", 'openai/"x"')
    assert (code, files(project)) == (0, before)
    assert "stays as it is" in output
    assert r'; set there: drafter = "openai/\"x\""' in output
    code, output = agentos("init", "--drafter", "openai/mine")
    assert "set there" not in output


def test_a_pyproject_of_other_tools_is_none_of_ours(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("pyproject.toml", text="[tool.other]\n")
    agentos("init")
    assert (project / "agentos.toml").exists()


def test_a_model_that_needs_a_key_says_what_to_type(
    agentos: Agentos, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "agentos.workspace.model_needs.missing_package", lambda one: one.requirement
    )
    code, output = agentos("init", "--drafter", "gemini/x")
    assert (code, drafter(project)) == (0, "gemini/x")
    lines = output.splitlines()
    assert lines[lines.index("First:") + 1 :][:2] == [
        f"  {install_command('google-genai>=3,<4')}",
        "  agentos credentials add gemini",
    ]


def test_a_program_as_the_drafter_needs_trust_and_that_is_said(
    agentos: Agentos, project: Path, user_config: Callable[[str], None]
) -> None:
    user_config('[commands.mine]\nargv = ["/bin/true"]\n')
    code, output = agentos("init", "--drafter", "command/mine")
    assert (code, drafter(project)) == (0, "command/mine")
    assert f"First:\n  agentos config trust --project {project}\n" in output
    assert agentos("config", "trust")[0] == 0
    assert agentos("parallel", "lld", "--all", "--dry-run")[0] == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("antropic/x", "is anthropic meant?"),
        ("anthropic", "write anthropic/NAME"),
        ("anthropic/NAME", "stands for a name"),
        ("command/nowhere", "nowhere"),
        ("", "must be the name of a model"),
    ],
)
def test_a_model_that_there_is_not_writes_nothing(
    agentos: Agentos, project: Path, name: str, said: str
) -> None:
    code, output = agentos("init", "--drafter", name)
    assert (code, files(project)) == (2, {})
    assert said in output


def test_a_drafter_of_the_users_own_is_not_overruled(
    agentos: Agentos, project: Path, user_config: Callable[[str], None]
) -> None:
    user_config('drafter = "openai/mine"\n')
    code, output = agentos("init")
    assert (code, drafter(project)) == (0, None)
    assert "the drafter is openai/mine, by " in output
    assert "agentos credentials add openai" in output


def test_files_without_a_number_are_only_told_where_nobody_is_asked(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("issues/b.md", "issues/a.md", "issues/notes.txt")
    code, output = agentos("init")
    assert code == 0
    assert set(files(project)) == {"agentos.toml", "issues/a.md", "issues/b.md", "issues/notes.txt"}
    assert "left out: 2 files of issues/ are not called NNN-slug.md, such as a.md\n" in output
    assert "left out: issues/notes.txt, as an issue is a Markdown file\n" in output
    assert f"Next:\n  agentos init --adopt {project}/issues --project {project}   numbers" in output


def test_to_adopt_the_folder_of_issues_numbers_it(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("issues/b.md", "issues/004-a.md", "issues/12 c.md")
    code, output = agentos("init", "--adopt", str(project / "issues"))
    assert code == 0
    assert set(files(project)) == {
        "agentos.toml",
        "issues/004-a.md",
        "issues/012-c.md",
        "issues/013-b.md",
    }
    assert "renamed issues/b.md to issues/013-b.md\n" in output
    assert "there are now 3 issues in issues/, 3 open\n" in output
    assert "found" not in output
    code, output = agentos("init", "--adopt", str(project / "issues"))
    assert code == 0
    assert "nothing to do\n" in output


def test_a_copy_and_a_renamed_file_are_called_the_same(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("issues/Add Search (v2).md", text="---\nstate: closed\n---\n# Here\n")
    write("tickets/Add Search (v2).md", text="# There\n")
    code, output = agentos("init", "--adopt", str(project / "issues"))
    assert (code, "there is now 1 issue in issues/, 0 open\n" in output) == (0, True)
    code, output = agentos("init", "--adopt", str(project / "tickets"))
    assert code == 0  # what is called so already stands for it
    (project / "issues/001-add-search-v2.md").rename(project / "issues/001-other.md")
    agentos("init", "--adopt", str(project / "tickets"))
    issues = {path.name: path.read_text() for path in (project / "issues").iterdir()}
    assert issues == {
        "001-other.md": "---\nstate: closed\n---\n# Here\n",
        "002-add-search-v2.md": "# There\n",
    }


def test_what_stops_half_way_says_so_and_goes_on(
    agentos: Agentos, project: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("tickets/a.md", "tickets/b.md", "tickets/c.md")

    def full(path: Path, content: bytes, *, mode: int) -> None:
        if path.name == "002-b.md":
            raise OSError(errno.ENOSPC, "No space left on device")
        create_file(path, content, mode=mode)

    adopting = ("init", "--adopt", str(project / "tickets"))
    with monkeypatch.context() as patch:
        patch.setattr(scaffold, "create_file", full)
        code, output = agentos(*adopting)
    assert code == 2
    assert "002-b.md cannot be written: No space left on device\n" in output
    assert "what was told so far stays, and the same command does the rest" in output
    assert output.index("wrote agentos.toml") < output.index("001-a.md\n")
    assert {"agentos.toml", "issues/001-a.md"} <= set(files(project))
    code, output = agentos(*adopting)
    assert (code, "there are now 3 issues in issues/, 3 open\n" in output) == (0, True)
    assert {path.name for path in (project / "issues").iterdir()} == {
        "001-a.md",
        "002-b.md",
        "003-c.md",
    }


@pytest.mark.parametrize("state", ["elsewhere", "nowhere", ".agentos"])
def test_a_state_folder_that_is_no_folder_is_seen_before_anything_is_written(
    agentos: Agentos, project: Path, write: Write, tmp_path: Path, state: str
) -> None:
    write("issues/a.md")
    (tmp_path / "elsewhere").mkdir()
    (project / ".agentos").symlink_to(tmp_path / state if "where" in state else state)
    code, output = agentos("init", "--adopt", str(project / "issues"))
    assert (code, "is a symlink" in output) == (2, True)
    assert list(files(project)) == ["issues/a.md"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_files_elsewhere_are_told_and_copied_when_it_is_wished(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write("tickets/ISSUE-7 one.md", "tickets/two.md", "tickets/README.md")
    write("tickets/void.md", text=" ")
    _, output = agentos("init")
    assert "left out: tickets/ may hold issues, 3 Markdown files\n" in output
    assert f"agentos init --adopt {project}/tickets" in output
    assert not (project / "issues").exists()

    code, output = agentos("init", "--adopt", str(project / "tickets"))
    assert code == 0
    assert sorted(path.name for path in (project / "issues").iterdir()) == [
        "007-one.md",
        "008-two.md",
    ]
    assert f"copied {project}/tickets/two.md to issues/008-two.md\n" in output
    assert f"not copied: {project}/tickets/void.md: it is empty\n" in output
    assert (project / "tickets/two.md").exists()

    write("issues/008-two.md", text="# Edited since\n")
    code, output = agentos("init", "--adopt", str(project / "tickets"))
    assert code == 0
    assert f"not copied: {project}/tickets/two.md is issues/008-two.md already\n" in output
    assert "nothing to do\n" in output


def test_of_many_that_are_not_copied_some_are_told(
    agentos: Agentos, project: Path, write: Write
) -> None:
    write(*(f"tickets/{n:02}.md" for n in range(13)), text="# The same\n")
    _, output = agentos("init", "--adopt", str(project / "tickets"))
    assert output.count("not copied: ") == 11
    assert f"not copied: {project}/tickets/01.md equals 00.md\n" in output
    assert "not copied: 2 more\n" in output


def test_a_folder_outside_the_project_may_be_named(
    agentos: Agentos, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/a.md").write_text("# A\n")
    monkeypatch.chdir(tmp_path)
    code, output = agentos("init", "--adopt", "old/")
    assert code == 0
    assert "copied old/a.md to issues/001-a.md" in output
    assert (project / "issues/001-a.md").read_text() == "# A\n"


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("nowhere", "cannot be opened: No such file"),
        ("a.txt", "is not a folder"),
        ("empty", "holds no file that could be an issue\n  files called *.md"),
        ("bad", "holds no file that could be an issue\n  a.md: it is empty"),
        ("loop", "cannot be opened"),
    ],
)
def test_a_folder_that_cannot_be_adopted_writes_nothing(
    agentos: Agentos, project: Path, write: Write, folder: str, said: str
) -> None:
    write("a.txt", "empty/README.md")
    write("bad/a.md", text="\n")
    (project / "loop").symlink_to("loop")
    before = files(project)
    code, output = agentos("init", "--adopt", str(project / folder))
    assert (code, files(project)) == (2, before)
    assert said in output


def test_briefs_in_the_wrong_folder_are_told(agentos: Agentos, project: Path, write: Write) -> None:
    write("ideas/a.md")
    code, output = agentos("init")
    assert code == 0
    assert "ideas/a.md is left out, as a brief is a file in ideas/active/" in output
    assert list(files(project)) == ["agentos.toml", "ideas/a.md"]


def test_names_cannot_paint_the_screen(agentos: Agentos, write: Write) -> None:
    write("issues/a\x1b[2J.md", "tickets/b\x1b[2J.md")
    _, output = agentos("init")
    assert "\x1b" not in output
    assert "a\\x1b[2J.md" in output


@pytest.mark.parametrize("command", [("parallel", "lld", "--all"), ("status",), ("lld", "1")])
def test_who_comes_without_init_is_told_of_it(
    agentos: Agentos, project: Path, write: Write, command: tuple[str, ...]
) -> None:
    code, output = agentos(*command)
    assert (code, "type: agentos init" in output) == (2, True)
    write("issues/b.md", "issues/a.md")
    code, output = agentos(*command)
    assert (code, "No file of issues/ is called NNN-slug.md" in output) == (2, True)
    assert f"type: agentos init --adopt {project}/issues --project {project}\n" in output


@pytest.mark.parametrize("command", [("parallel", "lld", "--all", "--dry-run"), ("status",)])
def test_what_is_left_out_is_told_beside_what_is_not(
    agentos: Agentos, write: Write, command: tuple[str, ...]
) -> None:
    write("issues/b.md", "issues/a.md", "issues/001-one.md", "ideas/active/c.md", "ideas/d.md")
    code, output = agentos(*command)
    assert code == 0
    assert "2 Markdown files of issues/, such as issues/a.md, are left out" in output
    assert "LLD-1" in output
    assert ("ideas/d.md is left out" in output) == ("status" in command)


def test_status_shows_one_backlog_though_the_other_cannot_be_read(
    agentos: Agentos, write: Write
) -> None:
    write("issues/a.md", "ideas/active/later.md")
    code, output = agentos("status")
    assert code == 2
    assert "ISSUE-later  pending  later" in output
    assert "No file of issues/ is called NNN-slug.md" in output


def test_a_project_that_is_a_file_or_whose_issues_are_a_symlink(
    agentos: Agentos, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / "issues").symlink_to(tmp_path / "elsewhere")
    code, output = agentos("init")
    assert (code, "is a symlink" in output, files(project)) == (2, True, {})
    (project / "issues").unlink()
    project.rmdir()
    project.touch()
    code, output = agentos("init")
    assert (code, "is not a folder" in output) == (2, True)
