import pytest

from agentos.core.errors import ConfigError
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
        ("type: chmod 600 x", ""),
        ("read it; if it is fine, type: agentos config trust", "read it; if it is fine"),
        ("type, in the project: mkdir a", ""),
        ("set it, or store the key: agentos credentials add x --replace", "set it"),
        ("the type of it is wrong", "the type of it is wrong"),
    ],
)
def test_a_hint_does_not_say_again_what_is_to_be_typed(hint: str, left: str) -> None:
    error = ConfigError("it is broken", hint)
    assert fault_of("x", error, "mend it").hint == left
    assert fault_of("x", error).hint == hint
