import pytest

from agentos.workflows.parallel.halt import HaltRule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("now,fail=1", HaltRule(now=True, amount=1)),
        ("soon,fail=12", HaltRule(now=False, amount=12)),
        ("soon,fail=20%", HaltRule(now=False, amount=20, is_percent=True)),
        ("now,fail=100%", HaltRule(now=True, amount=100, is_percent=True)),
    ],
)
def test_a_rule_is_read_and_written(text: str, rule: HaltRule) -> None:
    assert HaltRule.parse(text) == rule
    assert str(rule) == text


@pytest.mark.parametrize(
    "text",
    ["", "now", "later,fail=1", "now,fail=", "now,fail=0", "soon,fail=101%", "now,fail=1.5",
     "now,fail=-1", "now, fail=1", "now,fail=1%%", "now,fail=\u0663", "now,fail=1\n"],
)  # fmt: skip
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="no rule"):
        HaltRule.parse(text)


@pytest.mark.parametrize(
    ("text", "failed", "total", "is_met"),
    [
        ("now,fail=2", 1, 100, False),
        ("now,fail=2", 2, 100, True),
        ("soon,fail=20%", 1, 6, False),
        ("soon,fail=20%", 1, 5, True),
        ("soon,fail=100%", 4, 5, False),
        ("soon,fail=100%", 5, 5, True),
    ],
)
def test_how_many_are_too_many(text: str, failed: int, total: int, is_met: bool) -> None:
    assert HaltRule.parse(text).is_met(failed, total) == is_met
