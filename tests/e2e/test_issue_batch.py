"""Idea briefs become issues: one each, with a number of its own, whatever is killed when."""

import contextlib
import random
import re
import subprocess

from command import Workspace

FRONT_MATTER = re.compile(r"\A---\nbrief: (?P<brief>\S+)\n---\n")


def written_issues(shelf: Workspace) -> dict[str, str]:
    """File names of the issues made from briefs, by brief."""
    found: dict[str, str] = {}
    for path in sorted((shelf.root / "issues").glob("*.md")):
        if match := FRONT_MATTER.match(path.read_text(encoding="utf-8")):
            assert match["brief"] not in found, (path, found)
            found[match["brief"]] = path.name
    return found


def assert_four_issues(shelf: Workspace) -> None:
    issues = written_issues(shelf)
    assert set(issues) == {"csv-import", "dark-mode", "loan-reminders", "shelf-api"}
    assert {name.partition("-")[0] for name in issues.values()} == {"157", "158", "159", "160"}
    [left] = (shelf.root / "ideas/active").iterdir()
    assert left.name == "dark-mode.md"
    assert "Status: needs revision" in (shelf.root / "issues" / issues["dark-mode"]).read_text()
    assert len(list((shelf.root / "ideas/done").iterdir())) == 3
    assert shelf.journals == []


def test_four_briefs_become_four_issues(shelf: Workspace) -> None:
    code, output = shelf.run("parallel", "issue", "--all", "-j", "4")

    assert code == 3, output
    assert_four_issues(shelf)
    assert f"wrote issues/{written_issues(shelf)['csv-import']}" in output

    again, output = shelf.run("parallel", "issue", "--all")
    assert again == 3
    assert "Nothing to do" in output
    assert_four_issues(shelf)
    assert len(shelf.runs) == 1


def test_a_brief_that_needs_revision_is_taken_up_where_it_was_edited(shelf: Workspace) -> None:
    shelf.run("parallel", "issue", "--all")
    before = written_issues(shelf)
    brief = shelf.root / "ideas/active/dark-mode.md"
    with brief.open("a", encoding="utf-8") as file:
        file.write("\n## Acceptance Criteria\n\n- [ ] Colours can be read on a dark screen.\n")

    code, output = shelf.run("parallel", "issue", "--all")

    assert code == 0, output
    assert "\n1 approved\n" in output
    assert written_issues(shelf) == before
    assert not brief.exists()
    assert (shelf.root / "ideas/done/dark-mode.md").exists()
    code, output = shelf.run("parallel", "issue", "--all")
    assert code == 0, output
    assert "Nothing to do" in output


def test_a_new_brief_does_not_take_the_place_of_one_that_waits(shelf: Workspace) -> None:
    shelf.run("parallel", "issue", "--all")
    waiting = shelf.root / "issues" / written_issues(shelf)["dark-mode"]
    before = waiting.read_text()
    (shelf.root / "ideas/active/Dark Mode.md").write_text("# Another\n\n## Idea\n\nIt sings.\n")

    shelf.run("parallel", "issue", "--all")

    assert waiting.read_text() == before
    assert "# Another" in (shelf.root / "issues" / written_issues(shelf)["dark-mode-2"]).read_text()


def test_a_written_issue_is_open_for_the_next_workflow(shelf: Workspace) -> None:
    shelf.run("parallel", "issue", "csv-import")
    [name] = written_issues(shelf).values()

    code, output = shelf.run("parallel", "lld", name.partition("-")[0])

    assert code == 0, output


def test_killed_at_ten_random_instants_there_are_still_exactly_four(shelf: Workspace) -> None:
    seed = random.randrange(1 << 32)
    instants = random.Random(seed)
    for attempt in range(10):
        kill_at_a_random_instant(shelf, instants, children_too=attempt % 2 == 0)

    code, output = shelf.run("parallel", "issue", "--all", "-j", "4")

    assert code == 3, (seed, output)
    assert_four_issues(shelf)
    shelf.assert_no_step_ran_twice()


def kill_at_a_random_instant(
    shelf: Workspace, instants: random.Random, *, children_too: bool
) -> None:
    running = shelf.start("parallel", "issue", "--all", "-j", "4", AGENTOS_EMBEDDED_LATENCY="0.05")
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.process.wait(instants.uniform(0.2, 1.5))
    if children_too:
        running.kill_all()
    running.process.kill()
    running.process.wait()
