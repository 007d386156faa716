"""A single item in this process: what the pool of credentials says meanwhile."""

from pathlib import Path
from typing import Any

import click
import pytest
from command import Agentos

from agentos.cli import foreground
from agentos.core.calls import Answer, Refusal
from agentos.workflows.parallel import CredentialCoordinator

KEY = "sk-ant-api03-Zm9vYmFy"
SENTENCE = "[COORDINATOR] a page of theirs"
ISSUE = """# Lend books

## Problem

Readers cannot lend a book of `shelf.py`.

## Acceptance criteria

- [ ] A reader can lend a book.
- [ ] A book that is lent cannot be lent again.
"""


class Talkative(CredentialCoordinator):
    """Has something to say about every call, in somebody else's words."""

    def settle(self, owner: str, lease_id: str, result: Answer | Refusal) -> None:
        super().settle(owner, lease_id, result)
        self._tell(f"{SENTENCE}: \x1b[2J {KEY}")


@pytest.fixture(autouse=True)
def _due(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item that is due, and a pool that talks."""
    monkeypatch.setattr(foreground, "CredentialCoordinator", Talkative)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    (project / "issues").mkdir()
    (project / "issues/042-lend-books.md").write_text(ISSUE)


def written(project: Path) -> list[Path]:
    return list(project.glob("docs/lld/active/LLD-*.md"))


def test_what_the_pool_says_is_masked_and_escaped(project: Path, agentos: Agentos) -> None:
    code, output = agentos("lld", "42")
    assert code in (0, 3), output
    assert f"{SENTENCE}: \\x1b[2J " in output
    assert "\x1b" not in output
    assert KEY not in output
    assert len(written(project)) == 1


def test_an_answer_is_not_lost_over_a_sentence_that_nobody_reads(
    project: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    echo = click.echo

    def closed(text: str, **options: Any) -> None:
        if text.startswith(SENTENCE):
            lost.append(text)
            raise BrokenPipeError(32, "Broken pipe")
        echo(text, **options)

    monkeypatch.setattr("agentos.cli.foreground.click.echo", closed)
    code, output = agentos("lld", "42")
    assert lost
    assert code in (0, 3), output
    assert len(written(project)) == 1
