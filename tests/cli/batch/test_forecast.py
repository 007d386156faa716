"""What --dry-run says of costs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command import Agentos

DRY_RUN = ("parallel", "lld", "--all", "--dry-run")


@pytest.fixture(autouse=True)
def _priced(
    project: Path, user_config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One issue, and a price and a key for one model."""
    (project / "issues").mkdir()
    (project / "issues" / "042-lend.md").write_text("# Lend books\n\nReaders lend books.\n")
    user_config('[prices]\ndate = 2026-01-31\n[prices."openai/x"]\ninput = 3\noutput = 15\n')
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")


def total(output: str) -> str:
    [line] = [line for line in output.splitlines() if line.startswith("In total")]
    return line


def test_a_free_reviewer_hides_no_price(agentos: Agentos, project: Path) -> None:
    code, output = agentos(*DRY_RUN, "--drafter", "openai/x", "--reviewer", "embedded")
    assert code == 0
    assert total(output).startswith("In total with openai/x and embedded: ")
    assert " tokens, $0.0" in total(output)
    assert "Prices as of 2026-01-31." in output
    assert not (project / ".agentos").exists()


def test_a_drafter_that_reviews_costs_more(agentos: Agentos) -> None:
    _, alone = agentos(*DRY_RUN, "--drafter", "openai/x", "--reviewer", "embedded")
    _, both = agentos(*DRY_RUN, "--drafter", "openai/x")
    assert total(both).startswith("In total with openai/x and openai/x: ")
    least = [float(total(one).partition("$")[2].partition(" ")[0]) for one in (alone, both)]
    assert least[0] < least[1]


def test_what_costs_nothing_has_no_estimate(agentos: Agentos) -> None:
    code, output = agentos(*DRY_RUN)
    assert code == 0
    assert "Dry run: 1 of 1 items would run." in output
    assert "tokens" not in output


def test_a_model_without_a_price_is_said_to_have_none(agentos: Agentos) -> None:
    _, output = agentos(*DRY_RUN, "--drafter", "openai/y", "--reviewer", "embedded")
    assert total(output).endswith("tokens, price unknown")
