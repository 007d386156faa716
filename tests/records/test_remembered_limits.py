import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from secret_search import SecretSearch

from agentos.core.calls import LONGEST_REST
from agentos.core.credentials import Credential, Rest
from agentos.records.limit_notes import MOST_NOTES
from agentos.records.remembered_limits import FILE, SALT_FILE, Recalled, RememberedLimits

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRET = "sk-Zq83kfTT02mNbVx9"
OURS = [Credential("a", SECRET, "p", quota="org"), Credential("short", "sk-short", "p")]


def rest(seconds: float, *, quota: str = "org", model: str = "p/m", reason: str = "") -> Rest:
    return Rest("p", quota, model, NOON + timedelta(seconds=seconds), reason)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def limits(tmp_path: Path) -> RememberedLimits:
    return RememberedLimits(tmp_path / "state")


def test_what_is_remembered_is_recalled_until_it_ends(limits: RememberedLimits) -> None:
    rests = (rest(60.0), rest(120.0, model="p/n", reason="used up"))
    assert limits.remember(rests, OURS, NOON) == ""
    assert limits.load(OURS, after(59.0)).rests == rests
    assert limits.load(OURS, after(60.0)).rests == rests[1:]
    assert limits.load(OURS, after(121.0)).rests == ()


def test_only_its_owner_can_read_it(limits: RememberedLimits) -> None:
    limits.remember([rest(60.0)], OURS, NOON)
    assert limits.path.stat().st_mode & 0o777 == 0o600


def test_to_look_makes_nothing(limits: RememberedLimits, tmp_path: Path) -> None:
    assert limits.load(OURS, NOON).rests == ()
    assert list(tmp_path.iterdir()) == []


def test_the_later_end_of_a_domain_counts_and_what_has_ended_goes(
    limits: RememberedLimits,
) -> None:
    limits.remember([rest(60.0), rest(10.0, quota="short")], OURS, NOON)
    limits.remember([rest(30.0)], OURS, after(20.0))
    assert limits.load(OURS, after(20.0)).rests == (rest(60.0),)
    assert "short" not in limits.path.read_text()


def test_a_clock_that_was_set_back_makes_no_rest_longer(limits: RememberedLimits) -> None:
    limits.remember([rest(60.0)], OURS, NOON)
    assert limits.load(OURS, after(-3600.0)).rests == ()


@pytest.mark.parametrize("seconds", [-1.0, 0.0, LONGEST_REST + 1])
def test_what_can_be_no_rest_is_not_kept(limits: RememberedLimits, seconds: float) -> None:
    limits.remember([rest(seconds)], OURS, NOON)
    assert not limits.path.exists()


def test_only_so_many_are_kept_and_those_the_longest(limits: RememberedLimits) -> None:
    count = MOST_NOTES + 50
    limits.remember([rest(100.0 + n, model=f"p/{n:04}") for n in range(count)], OURS, NOON)
    kept = limits.load(OURS, NOON).rests
    assert [one.model for one in kept] == [f"p/{n:04}" for n in range(50, count)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 2}',
        b'{"version": 2, "rests": [{}]}',
        b'{"version": 2, "rests": [{"keys": [1]}]}',
        b'{"version": "2", "rests": []}',
        b"[" * 100_000,
        b" " * 5_000_000,
    ],
)
def test_what_cannot_be_read_is_told_once_and_replaced(
    limits: RememberedLimits, content: bytes
) -> None:
    limits.path.parent.mkdir()
    limits.path.write_bytes(content)
    found = limits.load(OURS, NOON)
    assert found.rests == ()
    assert str(limits.path) in found.warning
    assert limits.remember([rest(60.0)], OURS, NOON) == ""
    assert limits.load(OURS, NOON).rests == (rest(60.0),)


def test_no_symlink_is_followed(limits: RememberedLimits, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    limits.path.parent.mkdir()
    limits.path.symlink_to(target)
    assert "symlink" in limits.load(OURS, NOON).warning
    limits.remember([rest(60.0)], OURS, NOON)
    assert target.read_text() == "mine"


def test_two_processes_lose_nothing_of_each_other(limits: RememberedLimits) -> None:
    program = (
        "import sys; from datetime import *; from pathlib import Path\n"
        "from agentos.core.credentials import Credential, Rest\n"
        "from agentos.records.remembered_limits import RememberedLimits\n"
        "limits, now = RememberedLimits(Path(sys.argv[1])), datetime.now(UTC)\n"
        "key = Credential(sys.argv[2], 'sk-of-both', 'p')\n"
        "for n in range(20):\n"
        "    rest = Rest('p', sys.argv[2], f'p/{n}', now + timedelta(hours=1))\n"
        "    assert limits.remember([rest], [key], datetime.now(UTC)) == ''\n"
    )
    folder = str(limits.path.parent)
    both = [subprocess.Popen([sys.executable, "-c", program, folder, name]) for name in "ab"]
    assert [one.wait(120) for one in both] == [0, 0]
    notes = json.loads(limits.path.read_text())["rests"]
    assert len(notes) == 40
    assert len({tuple(note["keys"]) for note in notes}) == 1


def test_a_folder_that_cannot_be_written_costs_the_memory_alone_and_is_said_once(
    public_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    folder = public_folder / "state"
    folder.mkdir()
    folder.chmod(0o555)
    limits = RememberedLimits(folder)
    with unprivileged():
        assert str(folder / "limits.lock") in limits.remember([rest(60.0)], OURS, NOON)
        assert limits.remember([rest(60.0)], OURS, NOON) == ""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", [FILE, SALT_FILE, "limits.lock"])
def test_a_folder_in_the_place_of_a_file_is_named(limits: RememberedLimits, name: str) -> None:
    in_the_way = limits.path.with_name(name)
    in_the_way.mkdir(parents=True)
    assert f": {in_the_way}: Is a directory" in limits.remember([rest(60.0)], OURS, NOON)


def test_the_rest_of_one_domain_is_forgotten(limits: RememberedLimits) -> None:
    over, others = rest(60.0), (rest(60.0, model="p/n"), rest(60.0, quota="short"))
    limits.remember([over, *others], OURS, NOON)
    assert limits.forget(OURS[0], "p/m", NOON) == Recalled((over,))
    assert set(limits.load(OURS, NOON).rests) == set(others)
    assert limits.forget(OURS[0], "p/m", NOON) == Recalled()


def test_where_nothing_is_to_be_forgotten_nothing_is_made(
    limits: RememberedLimits, tmp_path: Path
) -> None:
    assert limits.forget(OURS[0], "p/m", NOON) == Recalled()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_forgotten_is_told(limits: RememberedLimits) -> None:
    limits.remember([rest(60.0)], OURS, NOON)
    lock = limits.path.with_suffix(".lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    found = limits.forget(OURS[0], "p/m", NOON)
    assert found.rests == ()
    assert found.warning.startswith(f"a limit that is over cannot be forgotten: {lock}: ")
    assert limits.load(OURS, NOON).rests == (rest(60.0),)


class TestWhoseItIs:
    """A name may be another account's by the next run."""

    def test_another_key_of_the_same_name_rests_not(self, limits: RememberedLimits) -> None:
        limits.remember([rest(60.0)], OURS, NOON)
        replaced = [Credential("a", "sk-another-account", "p", quota="org")]
        assert limits.load(replaced, NOON).rests == ()
        assert limits.load(OURS, NOON).rests == (rest(60.0),)

    def test_both_are_remembered_side_by_side(self, limits: RememberedLimits) -> None:
        theirs = [Credential("b", "sk-another-account", "p", quota="org")]
        limits.remember([rest(60.0)], OURS, NOON)
        limits.remember([rest(90.0)], theirs, NOON)
        assert limits.load(OURS, NOON).rests == (rest(60.0),)
        assert limits.load(theirs, NOON).rests == (rest(90.0),)
        assert limits.forget(theirs[0], "p/m", NOON) == Recalled((rest(90.0),))
        assert limits.load(OURS, NOON).rests == (rest(60.0),)

    def test_a_quota_is_the_same_as_long_as_one_of_its_keys_is(
        self, limits: RememberedLimits
    ) -> None:
        shared = [*OURS, Credential("b", "sk-of-the-same", "p", quota="org")]
        limits.remember([rest(60.0)], shared, NOON)
        renewed = [Credential("c", "sk-just-made", "p", quota="org"), shared[-1]]
        assert limits.load(renewed, NOON).rests == (rest(60.0),)
        assert limits.load(renewed[:1], NOON).rests == ()

    def test_a_login_without_a_key_goes_by_its_name(self, limits: RememberedLimits) -> None:
        login = [Credential("org", None, "p")]
        limits.remember([rest(60.0)], login, NOON)
        assert limits.load(login, NOON).rests == (rest(60.0),)
        assert limits.load(OURS, NOON).rests == ()

    def test_of_a_key_there_is_nothing_in_the_files_and_no_guess_can_be_tested(
        self, limits: RememberedLimits
    ) -> None:
        limits.remember([rest(60.0)], OURS, NOON)
        salt = limits.path.with_name(SALT_FILE)
        search = SecretSearch({"ours": SECRET})
        assert search.look_at(limits.path) == search.look_at(salt) == set()
        assert salt.stat().st_mode & 0o777 == 0o600
        [[written]] = [note["keys"] for note in json.loads(limits.path.read_text())["rests"]]
        plain = hashlib.sha256(SECRET.encode()).hexdigest()
        assert written not in plain
        other = RememberedLimits(limits.path.parent / "of another user")
        other.remember([rest(60.0)], OURS, NOON)
        assert written not in other.path.read_text()

    @pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"short")])
    def test_without_the_salt_nobody_is_known_again(
        self, limits: RememberedLimits, spoil: Callable[[Path], object]
    ) -> None:
        limits.remember([rest(60.0)], OURS, NOON)
        spoil(limits.path.with_name(SALT_FILE))
        assert limits.load(OURS, NOON) == Recalled()
        assert limits.remember([rest(90.0)], OURS, NOON) == ""
        assert limits.load(OURS, NOON).rests == (rest(90.0),)


def test_a_reason_is_cut_and_quotes_no_key(limits: RememberedLimits) -> None:
    said = f"{SECRET} and {SECRET[4:14]} are used up" + "." * 1000
    limits.remember([rest(60.0, reason=said)], OURS, NOON)
    [kept] = limits.load(OURS, NOON).rests
    assert kept.reason.startswith("*** and *** are used up...")
    assert len(kept.reason) == 300


def test_of_the_first_form_which_names_no_keys_nothing_is_taken(limits: RememberedLimits) -> None:
    note = {"provider": "p", "quota": "org", "model": "p/m", "reason": "", "seconds": 60.0}
    note["written"] = NOON.isoformat()
    limits.path.parent.mkdir()
    limits.path.write_text(json.dumps({"version": 1, "rests": [note]}))
    assert limits.load(OURS, NOON) == Recalled()
    limits.remember([rest(90.0)], OURS, NOON)
    assert limits.load(OURS, NOON).rests == (rest(90.0),)


def test_what_a_newer_version_wrote_is_left_and_that_is_said_once(
    limits: RememberedLimits,
) -> None:
    newer = '{"version": 99, "better": []}'
    limits.path.parent.mkdir()
    limits.path.write_text(newer)
    assert "a newer version of agentos wrote it" in limits.load(OURS, NOON).warning
    assert limits.remember([rest(60.0)], OURS, NOON) == ""
    assert limits.path.read_text() == newer
    unread = RememberedLimits(limits.path.parent)
    assert "a newer version of agentos wrote it" in unread.remember([rest(60.0)], OURS, NOON)
