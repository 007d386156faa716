"""A reviewer's verdict, as a value and as the Markdown that a model is told to write."""

import re
from dataclasses import dataclass

from agentos.documents.writing import one_line

_HEADING = re.compile(r"# Verdict: (?P<word>approved|needs revision)", re.IGNORECASE)
_FINDINGS = "## Findings"
_FINDING_LINE = re.compile(r"- \*\*(?P<rule>[a-z0-9][a-z0-9-]*)\*\*: (?P<message>\S.*)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps a document from approval; `rule` names its kind, such as `untested`."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a review came to. `remark` is the reviewer's own prose; nothing is decided by it."""

    approved: bool
    findings: tuple[Finding, ...] = ()
    remark: str = ""


def render_finding(finding: Finding) -> str:
    """One line of a list."""
    return f"- **{finding.rule}**: {one_line(finding.message)}"


def is_rendered_finding(line: str) -> bool:
    """Whether a line is one that `render_finding` writes."""
    return _FINDING_LINE.fullmatch(line.rstrip()) is not None


def render_verdict(verdict: Verdict) -> str:
    """The verdict as Markdown."""
    word = "approved" if verdict.approved else "needs revision"
    parts = [f"# Verdict: {word}"]
    if verdict.remark:
        parts.append(one_line(verdict.remark))
    if verdict.findings:
        parts += [_FINDINGS, "\n".join(render_finding(finding) for finding in verdict.findings)]
    return "\n\n".join(parts) + "\n"


def parse_verdict(text: str) -> Verdict:
    """The verdict in a model's answer.

    Raises ValueError, with a sentence, where there is none to be read: no heading, a line among
    the findings that is none, findings with an approval, or none without one.
    """
    heading, _, rest = text.strip().partition("\n")
    match = _HEADING.fullmatch(heading.strip())
    if match is None:
        raise ValueError("The review does not begin with `# Verdict: approved` or `needs revision`")
    remark, _, listed = f"\n{rest}\n".partition(f"\n{_FINDINGS}\n")
    verdict = Verdict(match["word"].lower() == "approved", _findings(listed), one_line(remark))
    if verdict.approved and verdict.findings:
        raise ValueError("The review approves and has findings at the same time")
    if not verdict.approved and not verdict.findings:
        raise ValueError("The review asks for a revision and does not say of what")
    return verdict


def _findings(listed: str) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for line in listed.splitlines():
        match = _FINDING_LINE.fullmatch(line.rstrip())
        if match:
            findings.append(Finding(match["rule"], one_line(match["message"])))
        elif findings and line.startswith("  ") and line.strip():
            last = findings.pop()
            findings.append(Finding(last.rule, f"{last.message} {one_line(line)}"))
        elif line.strip():
            raise ValueError(f"Not a finding in the review: {one_line(line)[:80]}")
    return tuple(findings)
