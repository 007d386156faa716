"""The default script against the real prompts and the real rules."""

from agentos.core.calls import Request, RequestKind
from agentos.documents.rules import check_issue, check_lld
from agentos.documents.templates import ISSUE_TEMPLATE, LLD_TEMPLATE, REVIEW_TEMPLATE
from agentos.documents.verdict import Verdict, parse_verdict
from agentos.models.prompt import join
from agentos.testing import Asked, Wire, author

SOURCE = """\
# Renew a loan

## Requirements

- A loan can be renewed once. See `shelf.cli`.

## Files

- `shelf/loans.py` and `tests/test_loans.py`
- `docs/`
"""


def written(prompt: str) -> str:
    return author(Asked(Wire.OPENAI, "m", "", prompt, None, 1, {})).text


def answer(request: Request) -> str:
    return written(join(request).whole)


def test_design_passes_the_rules() -> None:
    design = answer(Request(RequestKind.DRAFT_LLD, LLD_TEMPLATE, "code", SOURCE))
    assert design.startswith("# LLD: Renew a loan\n")
    assert "| `shelf/loans.py` | modify |" in design
    assert check_lld(design, SOURCE) == ()


def test_issue_passes_the_rules() -> None:
    issue = answer(Request(RequestKind.DRAFT_ISSUE, ISSUE_TEMPLATE, "code", SOURCE))
    assert issue.startswith("# Renew a loan\n")
    assert check_issue(issue, SOURCE) == ()


def test_review_approves() -> None:
    draft = f"{LLD_TEMPLATE}\n# Template\n\n```\n{LLD_TEMPLATE}\n```\n"
    review = answer(Request(RequestKind.REVIEW_LLD, REVIEW_TEMPLATE, "code", SOURCE, draft))
    assert parse_verdict(review) == Verdict(approved=True)


def test_review_template_in_the_code_base_is_no_review() -> None:
    request = Request(RequestKind.REVISE_LLD, LLD_TEMPLATE, REVIEW_TEMPLATE, SOURCE, "draft")
    assert check_lld(answer(request), SOURCE) == ()


def test_prompt_of_another_form() -> None:
    assert written("Review it. # Verdict: approved | needs revision") == "# Verdict: approved\n"
    assert written("Use this:\n\n## Objective\n\n## Files to Create/Modify\n") == (
        "# What is to be done\n\n## Objective\n\n"
        "What the source asks for, in the way that the code base does such things.\n\n"
        "## Files to Create/Modify\n\n- `README.md`: what is needed\n"
    )
