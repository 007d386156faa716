from dataclasses import replace
from pathlib import Path

import pytest
from workbench import Workbench

from agentos.core.calls import Answer, Request
from agentos.core.errors import ItemError, UnsafePathError
from agentos.core.events import Decided
from agentos.core.hashing import sha256
from agentos.core.items import Item, Kind
from agentos.core.paths import StatePaths
from agentos.documents.verdict import Finding
from agentos.workflows import publication
from agentos.workflows.publication import stamped, write_document
from agentos.workflows.review_loop import Reviewed
from agentos.workflows.task import Task

FIRST, SECOND, EDITED = b"# First\n", b"# Second\n", b"# First, with a better idea\n"


def nobody(_request: Request) -> Answer:
    pytest.fail("a model was asked")


class Desk:
    """A task, a place for its document, and a journal."""

    def __init__(self, folder: Path) -> None:
        self.bench = Workbench(folder)
        project = folder / "project"
        self.path = project / "docs" / "LLD-042.md"
        self.task = Task(
            Item(Kind.LLD, "42", "A title", project / "issues" / "042-a-title.md"),
            project=project,
            state=StatePaths(project / ".agentos"),
            source=b"",
            rounds=3,
            context_bytes=100_000,
            drafter=nobody,
            reviewer=nobody,
        )

    def write(self, content: bytes, known: frozenset[str] = frozenset()) -> Path:
        with self.bench.steps() as steps:
            return write_document(replace(self.task, known_hashes=known), steps, self.path, content)

    def put(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(content)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_new_document_is_written_and_that_is_said(desk: Desk) -> None:
    assert desk.write(FIRST) == desk.path
    assert desk.path.read_bytes() == FIRST
    assert desk.bench.said == ["wrote docs/LLD-042.md"]
    assert desk.bench.events == []


def test_one_that_a_person_edited_is_kept(desk: Desk) -> None:
    desk.put(EDITED)
    target = desk.write(SECOND, frozenset({sha256(FIRST)}))
    assert target == desk.path.with_name("LLD-042.new.md")
    assert target.read_bytes() == SECOND
    assert desk.path.read_bytes() == EDITED
    assert desk.bench.said == [
        (
            "LLD-042.md was edited by a person: the new one is LLD-042.new.md; take over what you"
            " want, then delete LLD-042.new.md"
        ),
        "wrote docs/LLD-042.new.md",
    ]
    assert desk.bench.events == [
        Decided(decision="keep the edited document", reason="the new one is LLD-042.new.md")
    ]


def test_one_that_the_index_knows_is_written_over(desk: Desk) -> None:
    desk.put(FIRST)
    assert desk.write(SECOND, frozenset({sha256(FIRST)})) == desk.path
    assert desk.path.read_bytes() == SECOND


def test_one_that_was_written_before_a_kill_is_known_by_the_journals_note(desk: Desk) -> None:
    desk.write(FIRST)
    assert desk.write(SECOND) == desk.path
    assert desk.path.read_bytes() == SECOND


def test_an_edit_after_that_is_kept_too(desk: Desk) -> None:
    desk.write(FIRST)
    desk.put(EDITED)
    assert desk.write(SECOND) == desk.path.with_name("LLD-042.new.md")
    assert desk.path.read_bytes() == EDITED


def test_the_hash_is_noted_before_the_document_is_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publication, "write_atomic", die)
        with pytest.raises(KeyboardInterrupt):
            desk.write(FIRST)
    assert not desk.path.exists()
    with desk.bench.steps() as steps:
        assert steps.journal.notes == {"document_hash": sha256(FIRST)}


def test_one_that_cannot_be_written_fails_the_item(desk: Desk) -> None:
    desk.path.parent.parent.mkdir(parents=True)
    desk.path.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(ItemError, match="cannot be written"):
        desk.write(FIRST)


def test_a_place_outside_the_project_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.path.parent.parent.mkdir(parents=True)
    desk.path.parent.symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UnsafePathError):
        desk.write(FIRST)
    assert not (tmp_path / "LLD-042.md").exists()


class TestStamped:
    def test_a_document_carries_its_outcome(self) -> None:
        assert stamped(Reviewed("# A title\n", (), ())) == "# A title\n\nStatus: approved\n"

    def test_what_is_missing_is_listed(self) -> None:
        text = stamped(Reviewed("# A title\n", (Finding("vague", "Say when"),), ()))
        assert "Status: needs revision" in text
        assert "- **vague**: Say when" in text

    def test_a_draft_that_only_looks_like_front_matter_gets_its_status_too(self) -> None:
        text = stamped(Reviewed("---\n[\n---\n# A title\n", (), ()))
        assert "\n# A title\n\nStatus: approved\n" in text
