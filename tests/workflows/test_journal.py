import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.core.calls import Usage
from agentos.core.errors import JournalError, LockedError, UnsafePathError
from agentos.workflows.journal import (
    Journal,
    JournalIdentity,
    JournalSnapshot,
    JsonValue,
    delete_journal,
    read_journal,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
IDENTITY = JournalIdentity("LLD-42", 1, "a" * 64, ("embedded",))

CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from agentos.workflows.journal import Journal, JournalIdentity

identity = JournalIdentity("LLD-42", 1, "a" * 64, ("embedded",))
with Journal.open(Path(sys.argv[1]), identity) as journal:
    print("open", flush=True)
    while True:
        n = len(journal.steps()) + 1
        journal.record(f"step-{n}", {"text": "x" * 3000}, started=datetime.now(UTC), seconds=0.0)
        journal.note("last", str(n))
        print(n, flush=True)
        if n % int(sys.argv[2]) == 0:
            sys.stdin.readline()
"""


def open_journal(path: Path, identity: JournalIdentity = IDENTITY) -> Journal:
    return Journal.open(path, identity, now=lambda: NOON)


def record(journal: Journal, name: str, output: JsonValue = None) -> None:
    journal.record(name, output, started=NOON, seconds=0.5, usage=Usage(2, 3))


def filled(path: Path, *names: str) -> None:
    with open_journal(path) as journal:
        for name in names:
            record(journal, name, {"text": "x" * 3000})


@contextmanager
def child_at_work(path: Path, steps: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that has recorded `steps` steps and waits with its journal open."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(steps)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            while process.stdout.readline().strip() != str(steps):
                assert process.poll() is None
            yield process
        finally:
            process.kill()


def killed_at(path: Path, steps: int) -> None:
    with child_at_work(path, steps):
        pass


def image(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints" / "lld_workflow_42.db"


def asides(path: Path) -> list[str]:
    return sorted(file.name for file in (path.parent / "aside").iterdir())


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that also an unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="agentos-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def unprivileged() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# What is recorded


def test_a_new_journal_is_empty_and_says_nothing(path: Path) -> None:
    with open_journal(path) as journal:
        assert (journal.steps(), dict(journal.notes), journal.notices) == ((), {}, ())
        assert journal.find("draft") is None
        assert journal.total_usage == Usage()


def test_steps_and_notes_outlive_the_process_in_their_order(path: Path) -> None:
    with open_journal(path) as journal:
        record(journal, "load", {"text": "ä\x00\ud800"})
        record(journal, "draft", ("a", 1, None))
        journal.note("hash", "old")
        journal.note("hash", "new")
        before = journal.steps()
    with open_journal(path) as journal:
        assert journal.steps() == before
        assert [(step.seq, step.name) for step in before] == [(1, "load"), (2, "draft")]
        draft = journal.find("draft")
        assert draft is not None
        assert draft.output == ["a", 1, None]
        assert (draft.started, draft.seconds) == ("2026-01-31T12:00:00.000Z", 0.5)
        assert draft.finished == "2026-01-31T12:00:00.000Z"
        assert journal.total_usage == Usage(4, 6)
        assert journal.notes == {"hash": "new"}
        assert journal.notices == ()


def test_a_step_is_recorded_once(path: Path) -> None:
    with open_journal(path) as journal:
        record(journal, "draft")
        with pytest.raises(ValueError, match="draft"):
            record(journal, "draft")
        assert len(journal.steps()) == 1


@pytest.mark.parametrize("output", [float("nan"), {"x": float("inf")}])
def test_an_output_without_a_json_form_is_not_recorded(path: Path, output: JsonValue) -> None:
    with open_journal(path) as journal:
        with pytest.raises(ValueError, match="JSON"):
            record(journal, "draft", output)
        assert journal.find("draft") is None


def test_a_note_that_cannot_be_stored_leaves_no_open_transaction(path: Path) -> None:
    with open_journal(path) as journal:
        with pytest.raises(ValueError, match="surrogates"):
            journal.note("key", "\ud800")
        journal.note("key", "value")
        assert journal.notes == {"key": "value"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=4))
@settings(max_examples=12, deadline=None)
def test_any_json_comes_back_as_it_was(outputs: list[JsonValue]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.db"
        with open_journal(path) as journal:
            for number, output in enumerate(outputs):
                record(journal, str(number), output)
        with open_journal(path) as journal:
            assert [step.output for step in journal.steps()] == outputs


def test_closing_leaves_one_file_and_may_be_repeated(path: Path) -> None:
    journal = open_journal(path)
    record(journal, "draft")
    journal.close()
    journal.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with pytest.raises(JournalError, match="not open"):
        record(journal, "review")


# Kills and locks


def test_every_acknowledged_step_survives_sigkill(path: Path) -> None:
    chance = random.Random(2)
    known = 0
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), "1000000"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            for _ in range(chance.randrange(4)):
                known = int(process.stdout.readline())
            process.kill()
            for line in process.stdout:
                if line.endswith("\n"):
                    known = int(line)
        assert process.returncode == -signal.SIGKILL
        with open_journal(path) as journal:
            names = [step.name for step in journal.steps()]
            assert len(names) >= known
            assert names == [f"step-{n}" for n in range(1, len(names) + 1)]
            assert int(journal.notes.get("last", 0)) >= known
            assert journal.notices == ()
    assert known > 0


def test_a_second_process_is_refused_until_the_first_is_killed(path: Path) -> None:
    with child_at_work(path, 2):
        with pytest.raises(LockedError, match=r"Another process.*lld_workflow_42\.db"):
            open_journal(path)
        assert delete_journal(path) is False
    with open_journal(path) as journal:
        assert len(journal.steps()) == 2
    assert not (path.parent / "aside").exists()


def test_the_same_process_is_refused_too_and_the_lock_stays(path: Path) -> None:
    with open_journal(path) as journal:
        with pytest.raises(LockedError):
            open_journal(path)
        record(journal, "draft")
        code = (
            "import sys; from pathlib import Path\n"
            "from agentos.workflows.journal import delete_journal\n"
            "sys.exit(delete_journal(Path(sys.argv[1])))"
        )
        assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0
    assert path.exists()


# What cannot be continued


@pytest.mark.parametrize(
    ("identity", "slug", "why"),
    [
        (JournalIdentity("LLD-42", 2, "a" * 64, ("embedded",)), "revision", "another revision"),
        (JournalIdentity("LLD-42", 1, "b" * 64, ("embedded",)), "input", "input has changed"),
        (JournalIdentity("LLD-7", 1, "a" * 64, ("embedded",)), "item", "one of LLD-42"),
    ],
)
def test_another_identity_starts_anew_and_keeps_the_old_journal(
    path: Path, identity: JournalIdentity, slug: str, why: str
) -> None:
    killed_at(path, 2)
    with open_journal(path, identity) as journal:
        assert journal.steps() == ()
        assert journal.identity == identity
        (notice,) = journal.notices
        assert why in notice
    aside = path.parent / "aside" / f"lld_workflow_42-20260131T120000Z-{slug}.db"
    assert str(aside) in notice
    assert read_journal(aside) == JournalSnapshot(IDENTITY, ("step-1", "step-2"), {"last": "2"})
    assert asides(path) == [aside.name]
    with open_journal(path, identity) as journal:
        assert journal.notices == ()


def test_names_aside_are_never_reused(path: Path) -> None:
    for revision in range(4):
        identity = JournalIdentity("LLD-42", revision, "", ())
        open_journal(path, identity).close()
    stem = "lld_workflow_42-20260131T120000Z-revision"
    assert asides(path) == [f"{stem}-2.db", f"{stem}-3.db", f"{stem}.db"]


def test_other_models_go_on_and_are_told_once(path: Path) -> None:
    filled(path, "draft")
    other = JournalIdentity("LLD-42", 1, "a" * 64, ("openai/x", "openai/y"))
    with open_journal(path, other) as journal:
        assert [step.name for step in journal.steps()] == ["draft"]
        assert journal.notices == (
            "LLD-42 goes on with openai/x, openai/y; before, it was worked on with embedded",
        )
    with open_journal(path, other) as journal:
        assert journal.notices == ()
    assert read_journal(path) == JournalSnapshot(other, ("draft",))


def test_a_newer_versions_journal_is_refused_and_left_alone(path: Path) -> None:
    filled(path, "draft")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=2")
    before = image(path.parent)
    with pytest.raises(JournalError, match="newer agentos") as caught:
        open_journal(path)
    assert caught.value.hint
    assert image(path.parent) == before
    snapshot = read_journal(path)
    assert snapshot is not None
    assert "newer agentos" in snapshot.problem


def rewritten(*statements: str) -> Callable[[Path], object]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("this is no database\n" * 500),
    "wrong index": lambda path: path.write_bytes(
        path.read_bytes().replace(b"review", b"reviex", 1)
    ),
    "two bytes": lambda path: path.write_bytes(b"xy"),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "zeros inside": lambda path: path.write_bytes(
        path.read_bytes()[:4096] + bytes(4096) + path.read_bytes()[8192:]
    ),
    "foreign": rewritten("DROP TABLE steps", "CREATE TABLE t (x)", "PRAGMA user_version=0"),
    "no version": rewritten("PRAGMA user_version=0"),
    "trigger": rewritten(
        "CREATE TRIGGER t AFTER INSERT ON steps BEGIN DELETE FROM notes; END",
    ),
    "lost step": rewritten("DELETE FROM steps WHERE seq = 1"),
    "no identity": rewritten("DELETE FROM identity"),
    "bad JSON": rewritten("UPDATE steps SET output = '{'"),
    "deep JSON": rewritten(f"UPDATE steps SET output = '{'[' * 100_000}'"),
    "bad models": rewritten("UPDATE identity SET models = '5'"),
    "bad UTF-8": rewritten("UPDATE steps SET name = CAST(x'ff' AS TEXT) WHERE seq = 1"),
    "other type": rewritten("UPDATE steps SET seconds = 'long'"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_journal_is_named_kept_and_begun_anew(
    path: Path, damage: Callable[[Path], object]
) -> None:
    filled(path, "load", "draft", "review")
    damage(path)
    content = path.read_bytes()
    snapshot = read_journal(path)
    assert snapshot is not None
    assert str(path) in snapshot.problem
    assert path.read_bytes() == content
    with open_journal(path) as journal:
        assert journal.steps() == ()
        (notice,) = journal.notices
        assert "LLD-42 starts anew: its journal is damaged" in notice
        record(journal, "load")
    assert asides(path)[0] == "lld_workflow_42-20260131T120000Z-damaged.db"
    assert read_journal(path) == JournalSnapshot(IDENTITY, ("load",))


def test_a_damaged_journal_goes_aside_with_its_log(path: Path) -> None:
    killed_at(path, 2)
    log = path.with_name(path.name + "-wal").read_bytes()
    path.write_bytes(b"")
    assert "a log, but no database" in getattr(read_journal(path), "problem", "")
    with open_journal(path) as journal:
        assert "a log, but no database" in journal.notices[0]
    stem = "lld_workflow_42-20260131T120000Z-damaged.db"
    assert asides(path) == [stem, f"{stem}-wal"]
    assert (path.parent / "aside" / f"{stem}-wal").read_bytes() == log


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("killed")
    filled(folder / "lld_workflow_42.db", "a", "b", "c", "d")
    killed_at(folder / "lld_workflow_42.db", 6)
    assert len(image(folder)) == 2
    return image(folder)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_no_flipped_bit_or_cut_off_end_raises(
    killed: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(killed)))
    content = bytearray(killed[name])
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[position:]
    with tempfile.TemporaryDirectory() as folder:
        for file, original in (killed | {name: bytes(content)}).items():
            (Path(folder) / file).write_bytes(original)
        path = Path(folder) / "lld_workflow_42.db"
        before = image(path.parent)
        read_journal(path)
        assert image(path.parent) == before
        try:
            with open_journal(path) as journal:
                journal.note("still", "works")
        except JournalError as error:
            assert "newer agentos" in str(error)  # noqa: PT017 - a flip in the version


def test_a_log_without_its_database_is_no_journal(path: Path) -> None:
    killed_at(path, 2)
    path.unlink()
    assert read_journal(path) is None
    with open_journal(path) as journal:
        assert journal.steps() == ()
        assert "damaged" in journal.notices[0]
    shutil.rmtree(path.parent)
    killed_at(path, 2)
    path.unlink()
    assert delete_journal(path) is True
    assert list(path.parent.iterdir()) == []


def test_a_journal_killed_before_it_began_is_begun(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert read_journal(path) is None
    with open_journal(path) as journal:
        assert journal.notices == ("LLD-42 starts anew: its journal is empty",)
    with open_journal(path) as journal:
        assert journal.notices == ()


# Disks and permissions


def test_a_full_disk_is_told_and_what_was_recorded_stays(path: Path) -> None:
    with open_journal(path) as journal:
        record(journal, "load")
        pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(JournalError, match=r"disk is full.*lld_workflow_42\.db") as caught:
            record(journal, "draft", "x" * 100_000)
        assert "free some space" in caught.value.hint
        assert [step.name for step in journal.steps()] == ["load"]
        record(journal, "small")
    snapshot = read_journal(path)
    assert snapshot is not None
    assert snapshot.steps == ("load", "small")


def test_a_failing_write_is_told(path: Path) -> None:
    code = (
        "import resource, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from agentos.core.errors import JournalError\n"
        "from agentos.workflows.journal import Journal, JournalIdentity\n"
        "journal = Journal.open(Path(sys.argv[1]), JournalIdentity('LLD-42', 1, '', ()))\n"
        "limits = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))\n"
        "try: journal.record('s', 'x' * 200_000, started=datetime.now(UTC), seconds=0)\n"
        "except JournalError as error: print(error)\n"
        "journal.record('t', 'x', started=datetime.now(UTC), seconds=0)\n"
        "print([step.name for step in journal.steps()])\n"
        "journal.close()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limits)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert str(path) in done.stdout
    assert done.stdout.endswith("['t']\n")


def test_a_folder_that_may_not_be_written_is_told(open_to_all: Path) -> None:
    for path in (open_to_all / "j.db", open_to_all / "checkpoints" / "j.db"):
        open_to_all.chmod(0o555)
        with unprivileged(), pytest.raises(JournalError, match=str(open_to_all)) as caught:
            open_journal(path)
        assert "writable" in caught.value.hint
    assert list(open_to_all.iterdir()) == []
    open_to_all.chmod(0o755)


def test_a_journal_that_may_not_be_written_is_told(open_to_all: Path) -> None:
    path = open_to_all / "j.db"
    filled(path, "draft")
    path.chmod(0o444)
    open_to_all.chmod(0o555)
    with unprivileged():
        with pytest.raises(JournalError, match=str(path)):
            open_journal(path)
        with pytest.raises(JournalError, match=str(path)):
            delete_journal(path)
        assert read_journal(path) == JournalSnapshot(IDENTITY, ("draft",))
    open_to_all.chmod(0o755)
    path.chmod(0o000)
    with unprivileged():
        snapshot = read_journal(path)
        assert snapshot is not None
        assert "Permission denied" in snapshot.problem


def test_a_folder_in_place_of_the_journal_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="cannot be opened"):
        open_journal(path)


def test_a_symlink_in_place_of_the_journal_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.db"
    filled(target, "draft")
    before = target.read_bytes()
    path.parent.mkdir()
    path.symlink_to(target)
    with pytest.raises(UnsafePathError):
        open_journal(path)
    assert "symlink" in getattr(read_journal(path), "problem", "")
    assert delete_journal(path) is True
    assert not path.is_symlink()
    assert target.read_bytes() == before


# Reading without disturbing


def test_an_open_journal_is_read_from_a_copy(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with child_at_work(path, 3):
        before = image(path.parent)
        assert read_journal(path) == JournalSnapshot(
            IDENTITY, ("step-1", "step-2", "step-3"), {"last": "3"}
        )
        assert image(path.parent) == before
        assert list(temporary.iterdir()) == []
        with pytest.raises(LockedError):
            open_journal(path)


def test_a_copy_that_a_checkpoint_ran_into_is_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at(path, 3)
    copyfile = shutil.copyfile
    copies = []

    def while_the_journal_ends(source: Path, target: Path) -> None:
        copies.append(source.name)
        if len(copies) == 2:  # the log is copied, the database not yet
            filled(path, "late")
        copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", while_the_journal_ends)
    snapshot = read_journal(path)
    assert snapshot is not None
    assert snapshot.steps == ("step-1", "step-2", "step-3", "late")
    assert copies[:2] == [f"{path.name}-wal", path.name]
    assert copies[2:] == [path.name]  # the log is gone into it


def test_a_journal_that_never_rests_is_read_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path, "draft")
    copyfile = shutil.copyfile

    def while_the_time_changes(source: Path, target: Path) -> None:
        copyfile(source, target)
        os.utime(source, ns=(0, source.stat().st_mtime_ns + 1))

    monkeypatch.setattr(shutil, "copyfile", while_the_time_changes)
    assert read_journal(path) == JournalSnapshot(IDENTITY, ("draft",))


def test_no_journal_is_none(path: Path) -> None:
    assert read_journal(path) is None


# Deleting


def test_delete_takes_all_files_and_may_be_repeated(path: Path) -> None:
    assert delete_journal(path) is True
    killed_at(path, 2)
    path.with_name(path.name + "-shm").write_bytes(b"of another tool")
    assert delete_journal(path) is True
    assert delete_journal(path) is True
    assert list(path.parent.iterdir()) == []


def damage_all(path: Path) -> None:
    for file in path.parent.glob("*.db*"):
        file.write_text("no database" * 9000)


def test_delete_takes_a_damaged_journal(path: Path) -> None:
    killed_at(path, 2)
    damage_all(path)
    assert delete_journal(path) is True
    assert list(path.parent.iterdir()) == []


class KilledError(BaseException):
    """Stands for a SIGKILL between two calls of the operating system."""


def killed_after(calls: int, original: Callable[..., object]) -> Callable[..., object]:
    left = iter(range(calls))

    def call(*args: object, **kwargs: object) -> object:
        if next(left, None) is None:
            raise KilledError
        return original(*args, **kwargs)

    return call


@pytest.mark.parametrize("damaged", [False, True])
def test_a_kill_during_delete_leaves_the_whole_journal_or_none(path: Path, damaged: bool) -> None:
    seen = set()
    for calls in range(5):
        killed_at(path, 2)
        if damaged:
            damage_all(path)
        whole = read_journal(path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "unlink", killed_after(calls, Path.unlink))
            with suppress(KilledError):
                delete_journal(path)
        left = read_journal(path)
        assert left in (None, whole)
        seen.add(left is None)
        assert delete_journal(path) is True
        assert list(path.parent.iterdir()) == []
    assert seen == {False, True}


@pytest.mark.parametrize("damaged", [False, True])
def test_a_kill_while_moving_aside_leaves_the_whole_journal_or_none(
    path: Path, damaged: bool
) -> None:
    other = JournalIdentity("LLD-42", 1, "b" * 64, ("embedded",))
    for calls in range(3):
        killed_at(path, 2)
        if damaged:
            path.write_bytes(b"")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "rename", killed_after(calls, Path.rename))
            with pytest.raises(KilledError):
                open_journal(path, other)
        with open_journal(path, other) as journal:
            assert journal.steps() == ()
            assert len(journal.notices) == (calls < (2 if damaged else 1))
        assert delete_journal(path) is True
    assert json.dumps(asides(path)).count(".db-wal") == (3 if damaged else 0)


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_what_would_fill_the_disk_is_not_copied(path: Path, suffix: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    file = path.with_name(path.name + suffix)
    with file.open("wb") as sparse:
        sparse.truncate(300 * 2**30)
    assert "larger than any journal" in getattr(read_journal(path), "problem", "")
    file.unlink()
    os.mkfifo(file)
    assert "not a regular file" in getattr(read_journal(path), "problem", "")
