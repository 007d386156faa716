"""Whatever is found is mended by the very command that is named for it."""

from pathlib import Path

import pytest
from findings import only, typed, wrong
from patient import ISSUE

from agentos.backlog.issues import find_issues
from agentos.diagnosis.backlog import check, check_index
from agentos.diagnosis.finding import Level
from agentos.diagnosis.surroundings import Surroundings

HOSTILE = ["it's.md", "$(touch sprung).md", "-rf.md", "new\nline.md", "caf\udce9.md", "; reboot.md"]


@pytest.fixture
def issues(project: Path, surroundings: Surroundings) -> Path:
    return project / "issues"


@pytest.fixture
def briefs(project: Path, surroundings: Surroundings) -> Path:
    folder = project / "ideas/active"
    folder.mkdir(parents=True)
    return folder


def test_a_good_one(surroundings: Surroundings, issues: Path, briefs: Path) -> None:
    (issues / "002-done.md").write_text("---\nstate: done\n---\n# Done\n")
    (issues / "README.md").write_text("# How to write an issue\n")
    assert [finding.sentence for finding in check(surroundings)] == ["1 open, 1 closed", "none yet"]


class TestNumbers:
    def test_of_several_twins(self, surroundings: Surroundings, issues: Path) -> None:
        for name in ("1-b.md", "01-c.md", "7-x.md", "007-y.md"):
            (issues / name).write_text(ISSUE)
        found = wrong(check(surroundings))
        assert [one.level for one in found] == [Level.FAULT] * 2
        for finding in found:
            typed(finding, issues.parent)
        assert len(find_issues(issues.parent).entries) == 5
        assert not wrong(check(surroundings))

    @pytest.mark.parametrize("name", HOSTILE, ids=ascii)
    def test_of_a_file_whose_name_means_harm(
        self, surroundings: Surroundings, issues: Path, name: str
    ) -> None:
        (issues / name).write_text(ISSUE)
        typed(only(check(surroundings), Level.WARNING), issues.parent)
        assert not wrong(check(surroundings))
        assert len(list(issues.iterdir())) == 2
        assert not (issues.parent / "sprung").exists()

    def test_of_more_files_than_one_line_names(
        self, surroundings: Surroundings, elsewhere: Surroundings, issues: Path
    ) -> None:
        for name in "abcdef":
            (issues / f"{name}.md").write_text(ISSUE)
        finding = only(check(surroundings), Level.WARNING)
        assert finding.sentence.startswith("a.md, b.md, c.md, d.md and 2 more have no number")
        assert finding.command.endswith("agentos init --adopt issues")
        command = only(check(elsewhere), Level.WARNING).command
        assert command.endswith(f"agentos init --adopt {issues} --project {issues.parent}")

    def test_of_one_file(self, surroundings: Surroundings, issues: Path) -> None:
        (issues / "-5-X y.md").write_text(ISSUE)
        finding = only(check(surroundings), Level.WARNING)
        assert finding.sentence == "-5-X y.md has no number, so it is no issue"
        typed(finding, issues.parent)
        assert (issues / "002-5-x-y.md").exists()

    def test_of_text_that_is_no_markdown(self, surroundings: Surroundings, issues: Path) -> None:
        (issues / "notes.rst").write_text("Notes\n")
        assert (
            "notes.rst is no Markdown, so it is"
            in only(check(surroundings), Level.WARNING).sentence
        )
        (issues / "001-sort.md").unlink()
        finding = only(check(surroundings), Level.FAULT)
        assert finding.command == "mv issues/notes.rst issues/001-notes.md"


class TestNoBacklog:
    def test_but_files_where_issues_may_be(self, surroundings: Surroundings, issues: Path) -> None:
        issues.rename(issues.with_name("tickets"))
        command = only(check(surroundings), Level.FAULT).command
        assert command.endswith("agentos init --adopt tickets")

    def test_but_a_folder_of_issues_in_the_folder(
        self, surroundings: Surroundings, issues: Path
    ) -> None:
        (issues / "open").mkdir()
        (issues / "001-sort.md").rename(issues / "open/sort.md")
        command = only(check(surroundings), Level.FAULT).command
        assert command.endswith("agentos init --adopt issues/open")

    def test_but_a_file_of_its_name(self, surroundings: Surroundings, issues: Path) -> None:
        (issues / "001-sort.md").unlink()
        issues.rmdir()
        issues.write_text("todo: everything\n")
        typed(only(check(surroundings), Level.FAULT), issues.parent)
        assert only(check(surroundings), Level.FAULT).command.endswith("agentos init")

    def test_of_issues_yet(self, surroundings: Surroundings, issues: Path) -> None:
        (issues / "001-sort.md").unlink()
        finding = only(check(surroundings), Level.WARNING)
        assert finding.sentence == "issues/ holds no issue yet"
        assert finding.command.endswith("agentos init")


class TestLinks:
    """What they lead to stays where it is."""

    def test_to_an_issue(self, surroundings: Surroundings, issues: Path, tmp_path: Path) -> None:
        target = tmp_path / "an issue.md"
        target.write_text(ISSUE)
        (issues / "002-far.md").symlink_to(target)
        finding = only(check(surroundings), Level.WARNING)
        assert finding.hint == f"it leads to {target}"
        typed(finding, issues.parent)
        assert target.read_text() == (issues / "002-far.md").read_text() == ISSUE
        assert not wrong(check(surroundings))

    @pytest.mark.parametrize("target", ["id_rsa", "nowhere.md", "."])
    def test_to_what_is_no_issue(
        self, surroundings: Surroundings, issues: Path, tmp_path: Path, target: str
    ) -> None:
        (tmp_path / "id_rsa").write_text("the key of a person")
        (issues / "002-far.md").symlink_to(tmp_path / target)
        finding = only(check(surroundings), Level.WARNING)
        assert finding.command == "rm issues/002-far.md"
        typed(finding, issues.parent)
        assert (tmp_path / "id_rsa").exists()

    def test_of_a_whole_folder(
        self, surroundings: Surroundings, briefs: Path, tmp_path: Path
    ) -> None:
        briefs.rmdir()
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys/id_rsa").write_text("the key of a person")
        briefs.symlink_to(tmp_path / "keys")
        finding = only(check(surroundings), Level.FAULT)
        assert finding.command == "rm ideas/active && mkdir ideas/active"
        typed(finding, briefs.parent.parent)
        assert not wrong(check(surroundings))


class TestBriefs:
    @pytest.mark.parametrize("names", ["a", "abcdef"])
    def test_that_lie_beside_their_folder(
        self, surroundings: Surroundings, briefs: Path, names: str
    ) -> None:
        for name in names:
            (briefs.parent / f"{name}.md").write_text("# An idea\n")
        (briefs / "a.md").write_text("# Another one\n")
        typed(only(check(surroundings), Level.WARNING), briefs.parent.parent)
        assert (briefs / "a.md").read_text() == "# Another one\n"
        assert len(list(briefs.iterdir())) == len(names)

    def test_without_their_folder(self, surroundings: Surroundings, briefs: Path) -> None:
        briefs.rmdir()
        (briefs.parent / "dark mode.md").write_text("# Dark\n")
        typed(only(check(surroundings), Level.FAULT), briefs.parent.parent)
        assert not wrong(check(surroundings))


def test_files_that_cannot_be_used(surroundings: Surroundings, issues: Path) -> None:
    for number in range(10, 18):
        (issues / f"{number}-broken.md").write_bytes(b"---\nstate: [\n---\n# Broken\n")
    found = wrong(check(surroundings))
    assert [finding.subject for finding in found[:2]] == ["LLD-10", "LLD-11"]
    assert "The front matter is not valid YAML" in found[0].sentence
    assert found[-1].sentence == "3 more cannot be used either"


class TestIndex:
    def test_that_counts(self, surroundings: Surroundings) -> None:
        assert [finding.sentence for finding in check_index(surroundings)] == ["no finished items"]

    @pytest.mark.parametrize("content", ["", "[]", '{"schema": 2}', '{"items": {"LLD-1": 1}}'])
    def test_that_cannot_be_used(
        self, surroundings: Surroundings, project: Path, content: str
    ) -> None:
        path = project / "docs/lld/lld-status.json"
        path.parent.mkdir(parents=True)
        path.write_text(content)
        typed(only(check_index(surroundings), Level.FAULT), project)
        assert not wrong(check_index(surroundings))
        assert path.with_name("lld-status.json.aside").read_text() == content
