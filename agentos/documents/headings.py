"""What a section of an issue or a brief is for, by the many names that people give it."""

import re
from enum import Enum, auto


class Role(Enum):
    """The part that a section plays."""

    OBJECTIVE = auto()
    BACKGROUND = auto()
    PROPOSAL = auto()
    USERS = auto()
    REQUIREMENTS = auto()
    FILES = auto()
    CRITERIA = auto()
    SECURITY = auto()
    RISKS = auto()
    OUT_OF_SCOPE = auto()
    QUESTIONS = auto()


_NAMES: dict[Role, str] = {
    Role.OBJECTIVE: """
        objective | objectives | goal | goals | summary | aim | purpose | overview | description
        | feature request | user story | intent | tldr""",
    Role.BACKGROUND: """
        background | context | problem | problem statement | the problem | motivation | why
        | rationale | current behavior | current behaviour | current state | actual behavior
        | actual behaviour | what happens | steps to reproduce | history""",
    Role.PROPOSAL: """
        idea | the idea | proposal | proposed solution | proposed change | solution | suggestion
        | what we want | approach | sketch""",
    Role.USERS: "who needs it | who needs this | who is it for | users | audience | stakeholders",
    Role.REQUIREMENTS: """
        requirements | requirement | functional requirements | non functional requirements
        | what to build | what to do | expected behavior | expected behaviour | expected
        | specification | spec | tasks | todo | to do | deliverables | user stories | scope
        | in scope""",
    Role.FILES: """
        files | file | affected files | changed files | modified files | new files
        | affected modules | code | where""",
    Role.CRITERIA: """
        acceptance criteria | acceptance criterion | acceptance | acceptance tests
        | definition of done | done when | success criteria | must show | done
        | what should be true when it is done | how we know it is done""",
    Role.SECURITY: """
        security | security considerations | security notes | security and privacy | privacy
        | privacy and security | threat model""",
    Role.RISKS: "risks | risk | risks and mitigations | risks and mitigation | concerns | dangers",
    Role.OUT_OF_SCOPE: """
        out of scope | not in scope | non goals | nongoals | non goal | what is not included
        | exclusions | not included""",
    Role.QUESTIONS: """
        open questions | open question | open | questions | unresolved questions | undecided
        | open points""",
}
_ROLES = {
    " ".join(name.split()): role for role, names in _NAMES.items() for name in names.split("|")
}
_BEGINNINGS = {
    "files to": Role.FILES,
    "acceptance criteria": Role.CRITERIA,
    "out of scope": Role.OUT_OF_SCOPE,
}


def plain_heading(title: str) -> str:
    """A heading as letters and single spaces: `3. Non-goals:` is `non goals`."""
    return " ".join(re.sub(r"[\W\d_]+", " ", title.replace("'", "").casefold()).split())


def role_of(title: str) -> Role | None:
    """The role that the heading names; None for a heading of the author's own."""
    name = plain_heading(title)
    if name in _ROLES:
        return _ROLES[name]
    return next((role for start, role in _BEGINNINGS.items() if name.startswith(start)), None)
