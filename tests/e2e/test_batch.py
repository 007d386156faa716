"""The main job: every open issue of the sample project becomes a document."""

import json
import os
import re
import shutil
import time

import pytest
from command import Workspace, wait_until

APPROVED = ("7", "12", "19", "23", "31", "42", "57", "64", "88", "101", "113")
THIN = ("128", "140", "156")


def test_every_open_issue_becomes_a_document(shelf: Workspace) -> None:
    code, output = shelf.run("parallel", "lld", "--all", "-j", "5")

    assert code == 3
    assert "11 approved, 3 need revision" in output
    assert "\nneeds revision: the document says under its title what is missing" in output
    assert "[==========] 14/14 workflows complete" in output
    index = json.loads((shelf.root / "docs/lld/lld-status.json").read_text())["items"]
    for number, outcome in [
        *((number, "approved") for number in APPROVED),
        *((number, "needs_revision") for number in THIN),
    ]:
        document = shelf.root / f"docs/lld/active/LLD-{int(number):03d}.md"
        status = f"Status: {outcome.replace('_', ' ')}"
        assert status in document.read_text(encoding="utf-8").splitlines()
        assert index[f"LLD-{number}"]["outcome"] == outcome
        assert re.search(rf"^LLD-{number} +{outcome.replace('_', ' ')} ", output, re.MULTILINE)
        lineage = sorted(
            p.name for p in (shelf.root / f"docs/lineage/active/{number}-lld").iterdir()
        )
        assert lineage[0] == "001-issue.md"
        assert lineage[-1].endswith("-final.md")
    assert shelf.journals == []
    assert "LLD-3" not in index  # it is closed
    [run] = shelf.runs
    assert shelf.summary(run)["exit_code"] == 3
    assert shelf.summary(run)["totals"]["approved"] == 11


def test_a_second_run_has_nothing_to_do_and_tells_the_recorded_outcome(shelf: Workspace) -> None:
    shelf.keep_issues("042", "128")
    assert shelf.run("parallel", "lld", "--all")[0] == 3
    before = (shelf.root / "docs/lld/active/LLD-042.md").stat().st_mtime_ns

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 3
    rows = output.splitlines()
    assert "LLD-42   skipped (approved)        docs/lld/active/LLD-042.md" in rows
    assert "LLD-128  skipped (needs revision)  docs/lld/active/LLD-128.md" in rows
    assert "\nneeds revision: the document says" in output
    assert len(shelf.runs) == 1
    assert (shelf.root / "docs/lld/active/LLD-042.md").stat().st_mtime_ns == before
    assert shelf.run("parallel", "lld", "42")[0] == 0


def test_again_redoes_what_is_finished(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    shelf.run("parallel", "lld", "42")

    code, output = shelf.run("parallel", "lld", "042", "--again")

    assert code == 0
    assert "1 approved" in output
    assert len(shelf.steps("step_finished")["LLD-42"]) == 2 * len(
        set(shelf.steps("step_finished")["LLD-42"])
    )


def test_a_changed_issue_is_done_anew_and_its_old_document_written_over(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    shelf.run("parallel", "lld", "--all")
    issue = next((shelf.root / "issues").glob("042-*"))
    issue.write_text(issue.read_text().replace("BibTeX", "BibLaTeX"))

    assert "changed since" in shelf.run("status")[1]
    assert shelf.run("parallel", "lld", "--all")[0] == 0

    active = shelf.root / "docs/lld/active"
    assert [path.name for path in active.iterdir()] == ["LLD-042.md"]
    assert "BibLaTeX" in (active / "LLD-042.md").read_text()


def test_a_document_that_a_person_edited_is_not_overwritten(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    shelf.run("parallel", "lld", "--all")
    document = shelf.root / "docs/lld/active/LLD-042.md"
    document.write_text(edited := document.read_text() + "\nA thought of mine.\n")

    code, output = shelf.run("parallel", "lld", "42", "--again")

    assert code == 0
    assert document.read_text() == edited
    assert "LLD-042.md was edited by a person: the new one is LLD-042.new.md" in output
    assert document.with_name("LLD-042.new.md").read_text().startswith("# ")


def test_five_children_and_five_journals_at_once(shelf: Workspace) -> None:
    running = shelf.start("parallel", "lld", "--all", "-j", "5", AGENTOS_EMBEDDED_LATENCY="1")

    running.wait_for_children(5)
    wait_until(lambda: len(shelf.journals) == 5, "there are five journals")
    most = 0
    while running.process.poll() is None:
        most = max(most, len(running.children()))
        time.sleep(0.05)

    assert most == 5
    assert running.finish()[0] == 3


def test_three_at_once_take_less_than_45_percent_of_one_after_the_other(
    shelf: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("COVERAGE")]:
        monkeypatch.delenv(name)  # what is compared is the program, not its measurement
    shelf.keep_issues("042")
    original = next((shelf.root / "issues").glob("042-*"))
    for number in range(1, 6):
        shutil.copy(original, original.with_name(f"{number:03d}-copy.md"))

    def seconds(jobs: str) -> float:
        shutil.rmtree(shelf.root / ".agentos", ignore_errors=True)
        shutil.rmtree(shelf.root / "docs", ignore_errors=True)
        began = time.monotonic()
        code, _ = shelf.run("parallel", "lld", "--all", "-j", jobs, AGENTOS_EMBEDDED_LATENCY="8")
        assert code == 0
        return time.monotonic() - began

    assert seconds("3") < 0.45 * seconds("1")


def test_one_item_in_the_foreground_leaves_no_run_folder(shelf: Workspace) -> None:
    code, output = shelf.run("lld", "42")

    assert code == 0
    assert "LLD-42 approved" in output
    assert "needs revision" not in output
    assert shelf.runs == []
    assert shelf.journals == []
    index = json.loads((shelf.root / "docs/lld/lld-status.json").read_text())
    assert index["items"]["LLD-42"]["run_id"] is None
    assert shelf.run("lld", "LLD-42")[1].startswith("LLD-42: skipped because it is finished")
    for before in ("wrote docs/lld/active/LLD-128.md", "unchanged: docs/lld/active/LLD-128.md"):
        code, output = shelf.run("lld", "128")
        assert code == 3
        assert f"{before}\nLLD-128 needs revision: the document says" in output
        assert output.endswith(
            "\n  that into the issue's file in issues/ and type the same command again\n"
        )


def test_quiet_shows_the_summary_only(shelf: Workspace) -> None:
    shelf.keep_issues("042")

    code, output = shelf.run("parallel", "lld", "--all", "-q")

    assert code == 0
    assert "[LLD-42]" not in output
    assert "1 approved" in output
    assert "wrote docs" in (shelf.runs[0] / "LLD-42.log").read_text()


def test_an_item_finished_meanwhile_by_another_process_is_not_done_again(shelf: Workspace) -> None:
    shelf.keep_issues("007", "042")
    running = shelf.start("parallel", "lld", "--all", "-j", "1", AGENTOS_EMBEDDED_LATENCY="8")
    running.wait_for_children(1)
    assert shelf.run("lld", "42")[0] == 0
    with (shelf.root / "shelf/export.py").open("a") as module:
        module.write("def something_new() -> None: ...\n")

    code, output = running.finish()

    assert code == 0, output
    assert "[LLD-42] finished meanwhile by another process" in output
    assert "edited by a person" not in output
    assert "LLD-42" not in shelf.steps("step_finished")
    assert not list(shelf.root.rglob("*.new.md"))


def test_a_merged_document_counts_as_there(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    shelf.run("lld", "42")
    document = shelf.root / "docs/lld/active/LLD-042.md"
    document.write_text(document.read_text() + "\nA thought of mine.\n")
    shelf.run("lld", "42", "--again")
    document.with_name("LLD-042.new.md").unlink()  # merged by hand

    told = shelf.run("lld", "42")[1]
    assert "skipped because it is finished" in told
    assert told.strip().endswith("LLD-042.md")

    document.unlink()
    assert shelf.run("lld", "42")[0] == 0
    assert document.is_file()


def test_a_status_that_a_person_wrote_counts(shelf: Workspace) -> None:
    shelf.keep_issues("128")
    assert shelf.run("parallel", "lld", "--all")[0] == 3
    document = shelf.root / "docs/lld/active/LLD-128.md"
    settled = document.read_text().replace("Status: needs revision", "Status: approved")
    document.write_text(settled)

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 0, output
    assert "LLD-128 approved Make it faster" in " ".join(shelf.run("status")[1].split())
    assert document.read_text() == settled
