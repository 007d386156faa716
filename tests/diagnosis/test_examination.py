"""No look can stop the others, whatever happens to it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring.core
import pytest
from keyrings import MemoryKeyring

from agentos.core.errors import ConfigError
from agentos.diagnosis.examination import CHECKS, RUN_CHECKS, Check, examine
from agentos.diagnosis.finding import Finding, Level, ok, warning
from agentos.diagnosis.surroundings import Surroundings

SECRET = "sk-0123456789abcdef"


def fails(error: BaseException) -> Check:
    def check(_surroundings: Surroundings) -> Iterator[Finding]:
        yield ok("first", "seen before it failed")
        raise error

    return check


def last(_surroundings: Surroundings) -> Iterator[Finding]:
    yield warning("last", "seen all the same")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            ZeroDivisionError(SECRET),
            "an error of our own: ZeroDivisionError in test_examination.py",
        ),
        (SystemExit(3), "an error of our own: SystemExit in test_examination.py"),
        (PermissionError(13, "Permission denied", "/x"), "/x cannot be looked at: Permission"),
        (ConfigError("the sentence", "the hint"), "the sentence"),
    ],
    ids=["fault of ours", "exit", "closed", "told"],
)
def test_one_that_fails(surroundings: Surroundings, error: BaseException, says: str) -> None:
    found = examine(surroundings, [("broken", fails(error)), ("last", last)])

    assert [finding.subject for finding in found] == ["first", "broken", "last"]
    assert found[1].level is Level.FAULT
    assert found[1].sentence.startswith(says)
    assert SECRET not in str(found)


def test_one_that_hangs(surroundings: Surroundings) -> None:
    never = threading.Event()

    def hangs(_surroundings: Surroundings) -> Iterator[Finding]:
        yield ok("first", "seen before it hung")
        never.wait()

    found = examine(surroundings, [("hung", hangs), ("last", last)], seconds=0.2)
    never.set()

    assert [finding.subject for finding in found] == ["first", "hung", "last"]
    assert found[1].sentence == "this could not be looked at within 0.2 s"


def test_all_of_them_on_a_project_in_which_all_is_well(surroundings: Surroundings) -> None:
    found = examine(surroundings)

    assert {one.subject for one in found if one.level is not Level.OK} <= {"git", "disk"}
    assert not [one for one in found if one.level is Level.FAULT]
    assert len(found) >= len(CHECKS)


class TestWhatARunItselfChecks:
    def test_goes_by_looks_that_there_are(self) -> None:
        subjects = {subject for subject, _ in CHECKS}
        assert all(looks <= subjects for _, looks in RUN_CHECKS)

    def test_is_not_told_twice(self, surroundings: Surroundings, project: Path) -> None:
        (project / "agentos.toml").write_text("drafter = 'openai/x'\n")
        sentences = [one.sentence for one in examine(surroundings)]
        assert len(sentences) == len(set(sentences))
        assert "run" not in {one.subject for one in examine(surroundings)}

    def test_and_is_what_nobody_else_looks_at(
        self, surroundings: Surroundings, project: Path
    ) -> None:
        (project / "agentos.toml").write_text("[models.embedded]\nmax_input_tokens = 1\n")
        [finding] = [one for one in examine(surroundings) if one.level is Level.FAULT]
        assert finding.subject == "run"
        assert "has no room for a draft" in finding.sentence
        assert finding.command == "${EDITOR:-vi} agentos.toml"

    @pytest.mark.parametrize(
        ("subject", "is_told"), [("models", False), ("disk", True), ("backlog", True)]
    )
    def test_hangs_on_which_look_found_a_fault_and_not_on_its_words(
        self, surroundings: Surroundings, project: Path, subject: str, is_told: bool
    ) -> None:
        (project / "agentos.toml").write_text("[models.embedded]\nmax_input_tokens = 1\n")
        found = examine(surroundings, [(subject, fails(ConfigError("in other words")))])
        assert ("run" in {one.subject for one in found}) is is_told


def test_one_that_always_finds_more(surroundings: Surroundings) -> None:
    stop = threading.Event()

    def drips(_surroundings: Surroundings) -> Iterator[Finding]:
        while not stop.wait(0.01):
            yield ok("drip", "one more")

    try:
        found = examine(surroundings, [("drip", drips), ("last", last)], seconds=0.2)
    finally:
        stop.set()
    assert [finding.subject for finding in found][-2:] == ["drip", "last"]
    assert found[-2].level is Level.FAULT


def test_the_keyring_is_asked_once_for_each_key(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = MemoryKeyring()
    backend.items["agentos", "team"] = SECRET
    asked = []

    def get_password(service: str, name: str) -> str | None:
        asked.append(name)
        return backend.items.get((service, name))

    monkeypatch.setattr(backend, "get_password", get_password)
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    surroundings.config_folder.mkdir(parents=True, mode=0o700)
    file = surroundings.config_folder / "credentials.toml"
    file.write_text('[[credential]]\nname = "team"\nkeyring = true\nprovider = "openai"\n')
    file.chmod(0o600)

    found = examine(surroundings)

    assert "team, for openai, in the system's keyring" in [one.sentence for one in found]
    assert asked == ["team"]
