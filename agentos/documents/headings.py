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
        | feature request | user story | intent | tldr | describe the bug | bug description
        | the bug | describe the issue | issue description | describe the feature
        | feature description""",
    Role.BACKGROUND: """
        background | context | problem | problem statement | the problem | motivation | why
        | rationale | current behavior | current behaviour | current state | actual behavior
        | actual behaviour | actual | actual result | actual results | observed behavior
        | observed behaviour | what happens | what happened | to reproduce | how to reproduce
        | reproduction | history | use case | use cases | problem description
        | problem or use case""",
    Role.PROPOSAL: """
        idea | the idea | proposal | proposed solution | proposed change | solution | suggestion
        | what we want | approach | sketch | proposed fix | suggested fix | possible solution
        | suggested solution""",
    Role.USERS: "who needs it | who needs this | who is it for | users | audience | stakeholders",
    Role.REQUIREMENTS: """
        requirements | requirement | functional requirements | non functional requirements
        | what to build | what to do | expected behavior | expected behaviour | expected
        | expected result | expected results | expected outcome | desired behavior
        | desired behaviour | what should happen
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
    "steps to reproduce": Role.BACKGROUND,
    "is your feature request related": Role.BACKGROUND,
    "describe the solution": Role.PROPOSAL,
    "what did you expect": Role.REQUIREMENTS,
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
