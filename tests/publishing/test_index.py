import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import filelock
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.errors import BacklogError, ItemError, LockedError, UnsafePathError
from agentos.core.outcomes import Outcome
from agentos.publishing import index
from agentos.publishing.index import IndexEntry, as_it_stands, enter, index_path, read_index

ENTRY = IndexEntry(
    outcome=Outcome.APPROVED,
    input_hash="a" * 64,
    document="docs/lld/active/LLD-042.md",
    document_hash="b" * 64,
    run_id="20260131T120000Z-abcd",
    finished="2026-01-31T12:00:00.000Z",
    source="042-renew.md",
)
FIELDS = {
    "document": "docs/lld/active/LLD-042.md",
    "document_hash": "b" * 64,
    "finished": "2026-01-31T12:00:00.000Z",
    "input_hash": "a" * 64,
    "outcome": "approved",
    "run_id": "20260131T120000Z-abcd",
    "source": "042-renew.md",
}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / ".agentos" / "index.lock"


def put(project: Path, text: str) -> Path:
    path = index_path(project)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_what_is_entered_is_read(tmp_path: Path, lock: Path) -> None:
    assert read_index(tmp_path) == {}
    other = replace(ENTRY, outcome=Outcome.NEEDS_REVISION, run_id=None)
    enter(tmp_path, lock, "LLD-42", ENTRY)
    enter(tmp_path, lock, "ISSUE-dark-mode", other)
    assert read_index(tmp_path) == {"LLD-42": ENTRY, "ISSUE-dark-mode": other}
    enter(tmp_path, lock, "LLD-42", other)
    assert read_index(tmp_path)["LLD-42"] == other


def test_the_file_is_sorted_json_that_ends_with_a_newline(tmp_path: Path, lock: Path) -> None:
    for label in ("LLD-42", "ISSUE-a"):
        enter(tmp_path, lock, label, ENTRY)
    text = (tmp_path / "docs" / "lld" / "lld-status.json").read_text()
    assert json.loads(text) == {"schema": 1, "items": {"LLD-42": FIELDS, "ISSUE-a": FIELDS}}
    assert text.index("ISSUE-a") < text.index("LLD-42")
    assert text.index("items") < text.index("schema")
    assert text.endswith("}\n")
    enter(tmp_path, lock, "LLD-42", ENTRY)
    assert index_path(tmp_path).read_text() == text


def test_unknown_keys_stay(tmp_path: Path, lock: Path) -> None:
    path = put(
        tmp_path,
        json.dumps({"schema": 1, "owner": "me", "items": {"LLD-42": FIELDS | {"stars": 5}}}),
    )
    enter(tmp_path, lock, "LLD-42", replace(ENTRY, document_hash="c"))
    enter(tmp_path, lock, "LLD-7", ENTRY)
    data = json.loads(path.read_text())
    assert data["owner"] == "me"
    assert data["items"]["LLD-42"] == FIELDS | {"stars": 5, "document_hash": "c"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("<<<<<<< HEAD\n{}", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no JSON object"),
        ('{"schema": 2, "items": {}}', "schema is 2"),
        ('{"items": []}', "items are no JSON object"),
        ('{"items": {"LLD-1": 5}}', "LLD-1: not a JSON object"),
        ('{"items": {"LLD-1": {}}}', "LLD-1: input_hash is None"),
        (json.dumps({"items": {"LLD-1": FIELDS | {"outcome": "odd"}}}), "LLD-1: 'odd'"),
    ],
)
def test_an_index_that_is_damaged_is_said_and_left_alone(
    tmp_path: Path, lock: Path, text: str, why: str
) -> None:
    path = put(tmp_path, text)
    with pytest.raises(BacklogError, match=why) as caught:
        read_index(tmp_path)
    assert str(path) in str(caught.value)
    assert "version control" in caught.value.hint
    with pytest.raises(BacklogError, match=why):
        enter(tmp_path, lock, "LLD-42", ENTRY)
    assert path.read_text() == text


@given(st.binary())
def test_no_bytes_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    project = tmp_path_factory.mktemp("project")
    put(project, "").write_bytes(data)
    with suppress(BacklogError):
        read_index(project)


def test_an_index_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    index_path(tmp_path).mkdir(parents=True)
    with pytest.raises(BacklogError, match="Is a directory"):
        read_index(tmp_path)


@pytest.mark.parametrize("link", ["docs", "docs/lld", "docs/lld/lld-status.json"])
def test_a_symlink_is_refused(tmp_path: Path, lock: Path, link: str) -> None:
    project = tmp_path / "project"
    (tmp_path / "elsewhere").mkdir()
    (project / link).parent.mkdir(parents=True)
    (project / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError):
        read_index(project)
    with pytest.raises(UnsafePathError):
        enter(project, lock, "LLD-42", ENTRY)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_lock_that_stays_held_is_said(tmp_path: Path, lock: Path) -> None:
    lock.parent.mkdir()
    with filelock.FileLock(lock), pytest.raises(LockedError, match=r"index\.lock has been held"):
        enter(tmp_path, lock, "LLD-42", ENTRY, timeout=0)
    assert not index_path(tmp_path).exists()


def test_a_lock_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ItemError, match="cannot be locked"):
        enter(tmp_path, tmp_path / "file" / "index.lock", "LLD-42", ENTRY)


def test_the_lock_is_held_from_reading_to_writing(
    tmp_path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def second(*_: object, **__: object) -> None:
        try:
            filelock.FileLock(lock, timeout=0).acquire()
        except filelock.Timeout:
            refused.append(True)

    def write(*args: object, **kwargs: object) -> None:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    monkeypatch.setattr(index, "write_atomic", write)
    enter(tmp_path, lock, "LLD-42", ENTRY)
    assert refused == [True]
    with filelock.FileLock(lock, timeout=0):
        pass


def test_processes_that_enter_at_once_lose_no_entry(tmp_path: Path, lock: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from agentos.core.outcomes import Outcome\n"
        "from agentos.publishing.index import IndexEntry, enter\n"
        "project = Path(sys.argv[1])\n"
        "entry = IndexEntry(Outcome.APPROVED, '', '', '', None, '')\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for n in range(10): enter(project, Path(sys.argv[2]), f'{sys.argv[3]}-{n}', entry,"
        " timeout=60)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(lock), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n")
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert set(read_index(tmp_path)) == {f"{name}-{n}" for name in "abc" for n in range(10)}


class TestAsItStands:
    @pytest.fixture
    def document(self, tmp_path: Path) -> Path:
        path = tmp_path / ENTRY.document
        path.parent.mkdir(parents=True)
        return path

    def test_a_document_that_is_gone_has_no_entry(self, tmp_path: Path) -> None:
        assert as_it_stands(tmp_path, ENTRY) is None

    def test_one_that_leads_out_of_the_project_has_none(
        self, tmp_path: Path, document: Path
    ) -> None:
        outside = tmp_path.parent / f"{tmp_path.name}.md"
        outside.write_text("# T\n\nStatus: approved\n")
        document.symlink_to(outside)
        assert as_it_stands(tmp_path, ENTRY) is None
        assert as_it_stands(tmp_path, replace(ENTRY, document=f"../{outside.name}")) is None

    @pytest.mark.parametrize(
        ("text", "outcome"),
        [
            (b"# T\n\nStatus: approved\n", Outcome.APPROVED),
            (b"# T\n\nStatus: needs revision\n", Outcome.NEEDS_REVISION),
            (b"# T\n\nNo status at all.\n", Outcome.NEEDS_REVISION),
            (b"\xff", Outcome.NEEDS_REVISION),
        ],
    )
    def test_the_status_in_it_counts(
        self, tmp_path: Path, document: Path, text: bytes, outcome: Outcome
    ) -> None:
        document.write_bytes(text)
        recorded = replace(ENTRY, outcome=Outcome.NEEDS_REVISION)
        assert as_it_stands(tmp_path, recorded) == replace(recorded, outcome=outcome)

    def test_a_second_version_counts_until_it_is_deleted(
        self, tmp_path: Path, document: Path
    ) -> None:
        document.write_text("# T\n\nStatus: approved\n")
        beside = document.with_name("LLD-042.new.md")
        beside.write_text("# T\n\nStatus: needs revision\n")
        recorded = replace(
            ENTRY, outcome=Outcome.NEEDS_REVISION, document="docs/lld/active/LLD-042.new.md"
        )
        assert as_it_stands(tmp_path, recorded) == recorded
        beside.unlink()
        assert as_it_stands(tmp_path, recorded) == ENTRY


@pytest.mark.parametrize("name", ["a" * 3000, "a\0b.md"])
def test_a_name_that_no_file_can_have_is_no_document(tmp_path: Path, name: str) -> None:
    assert as_it_stands(tmp_path, replace(ENTRY, document=name)) is None
