"""What a batch does before its first child; how it goes on is in tests/e2e."""

from pathlib import Path

import pytest
from command import Agentos


@pytest.fixture
def ledger(project: Path) -> Path:
    """Where the spending of a batch of designs is kept; there is no issue."""
    (project / "issues").mkdir()
    return project / ".agentos/spending-lld.ndjson"


def test_a_ledger_that_cannot_be_written_is_told_before_there_is_a_run(
    project: Path, ledger: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agentos.records.spending.append_line", full)
    (project / "issues/042-lend.md").write_text("# Lend books\n\nLet a reader lend a book.\n")

    code, output = agentos("parallel", "lld", "--all")

    assert code == 2, output
    assert f"cannot be recorded: {ledger}: No space left on device" in output
    assert "free some space" in output
    assert list(project.glob(".agentos/logs/parallel/*")) == []


@pytest.mark.parametrize("content", ["no JSON\n", '{"due": ["LLD-42"], "all": true}\n'])
def test_a_reset_forgets_also_when_nothing_is_due(
    ledger: Path, agentos: Agentos, content: str
) -> None:
    ledger.parent.mkdir()
    ledger.write_text(content)
    assert agentos("parallel", "lld", "--all")[0] == 0
    assert ledger.read_text() == content

    for _ in range(2):  # what is gone already is no error
        code, output = agentos("parallel", "lld", "--all", "--budget-reset")
        assert code == 0, output
        assert "Nothing to do" in output
        assert not ledger.exists()


def test_a_dry_run_forgets_nothing(ledger: Path, agentos: Agentos) -> None:
    ledger.parent.mkdir()
    ledger.write_text("{}\n")
    assert agentos("parallel", "lld", "--all", "--budget-reset", "--dry-run")[0] == 0
    assert ledger.exists()
