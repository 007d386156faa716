"""What looks found, and what becomes of it when their commands are typed."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from agentos.diagnosis.finding import Finding, Level


def wrong(findings: Iterable[Finding]) -> list[Finding]:
    """What is no `ok`."""
    return [finding for finding in findings if finding.level is not Level.OK]


def only(findings: Iterable[Finding], level: Level) -> Finding:
    """The one that is not ok; it has that level."""
    [finding] = wrong(findings)
    assert finding.level is level
    return finding


def typed(finding: Finding, folder: Path) -> None:
    """Run the command in a shell in that folder, just as it is."""
    assert finding.command
    subprocess.run(["bash", "-c", finding.command], cwd=folder, check=True)
