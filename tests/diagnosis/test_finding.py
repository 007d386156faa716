from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos.backlog.briefs import find_briefs
from agentos.backlog.issues import find_issues
from agentos.core.config.settings import from_project
from agentos.core.config.trust import TrustStore
from agentos.core.errors import BacklogError, ConfigError, Hint, TrustError, UsageError
from agentos.diagnosis.finding import Finding, fault, fault_of, ok, summary, warning

GOOD, BAD, SO_SO = ok("a", "b"), fault("a", "b"), warning("a", "b")


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([], "no fault, no warning"),
        ([GOOD, GOOD], "no fault, no warning"),
        ([GOOD, BAD], "1 fault"),
        ([SO_SO, BAD, SO_SO, BAD], "2 faults, 2 warnings"),
        ([SO_SO], "1 warning"),
    ],
)
def test_the_sum(findings: list[Finding], told: str) -> None:
    assert summary(findings) == told


@pytest.mark.parametrize(
    ("hint", "left"),
    [
        (Hint("", "type: chmod 600 x"), ""),
        (Hint("read it; if it is fine", ", type: agentos config trust"), "read it; if it is fine"),
        (Hint("set it", ", or else"), "set it"),
        ("the type: of it is wrong", "the type: of it is wrong"),
    ],
)
def test_a_hint_does_not_say_again_what_is_to_be_typed(hint: str, left: str) -> None:
    error = ConfigError("it is broken", hint)
    assert fault_of("x", error, "mend it").hint == left
    assert fault_of("x", error).hint == hint


def test_a_hint_knows_what_it_says_to_type_whoever_hands_it_on(project: Path) -> None:
    def commands() -> Iterator[UsageError]:
        for find in (find_issues, find_briefs):
            with pytest.raises(BacklogError) as caught:
                find(project)
            yield caught.value
        (project / "agentos.toml").write_text('drafter = "command/claude"\n')
        with pytest.raises(TrustError) as caught_too:
            from_project(project, TrustStore(project)).check_trust()
        yield caught_too.value

    (project / "ideas").mkdir()
    (project / "ideas/a.md").touch()
    remarks = [fault_of("x", error, "mend it").hint for error in commands()]
    assert remarks == ["", "", "read the file; if it does what you want"]
