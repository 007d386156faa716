"""A script for a provider with good manners: it writes what the prompt's template asks for."""

import re

from agentos.testing.exchanges import Asked
from agentos.testing.replies import Say

_REVIEW = "# Verdict: approved | needs revision"
_PART = r"^# {} *\n+(?P<fence>```+)\w*\n(?P<text>.*?)\n(?P=fence) *$"
_HEADING = re.compile(r"^## +(?P<title>.+?) *$", re.MULTILINE)
_TITLE = re.compile(r"^# +(?P<title>\S.*?) *$", re.MULTILINE)
_PATH = re.compile(r"`(?P<path>[\w.-]+(?:/[\w.-]+)*/?)`")
_PATH_END = re.compile(r"/|\.\w+$")

_PARAGRAPH = "What the source asks for, in the way that the code base does such things."
_LLD_BODIES = {
    "open questions": "None.",
    "requirements": "- **R1** What the source asks for is done.",
    "files": "| File | Action | What changes |\n| --- | --- | --- |\n{rows}",
    "test scenarios": (
        "| Test | Covers | Scenario |\n| --- | --- | --- |\n"
        "| T1 | R1 | The behaviour is there, and was not before. |"
    ),
}
_ISSUE_BODIES = {
    "open questions": "None.",
    "requirements": "1. What the source asks for is done.",
    "files to create/modify": "{bullets}",
    "acceptance criteria": "- [ ] A user sees that it is done.",
}


def author(asked: Asked) -> Say:
    """Approve what is to be reviewed; else write a document with the template's sections.

    The template is the part of the prompt under `# Template`, or all of it where there is none.
    """
    template = _part("Template", asked.prompt) or asked.prompt
    if _REVIEW in template:
        return Say(f"{_REVIEW.partition(' |')[0]}\n")
    source = _part("Source", asked.prompt)
    return Say(_document(template, source))


def _document(template: str, source: str) -> str:
    is_design = "**R1**" in template
    bodies = _LLD_BODIES if is_design else _ISSUE_BODIES
    found = _TITLE.search(source)
    title = found["title"] if found else "What is to be done"
    paths = _paths(source) or ["README.md"]
    filled = {
        "rows": "\n".join(f"| `{path}` | modify | What is needed. |" for path in paths),
        "bullets": "\n".join(f"- `{path}`: what is needed" for path in paths),
    }
    parts = [f"# LLD: {title}" if is_design else f"# {title}"]
    for match in _HEADING.finditer(template):
        body = bodies.get(match["title"].lower(), _PARAGRAPH).format(**filled)
        parts.append(f"## {match['title']}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def _part(title: str, prompt: str) -> str:
    match = re.search(_PART.format(title), prompt, re.MULTILINE | re.DOTALL)
    return match["text"] if match else ""


def _paths(source: str) -> list[str]:
    """What looks like a path, each once, in the order of the source."""
    quoted = [match["path"] for match in _PATH.finditer(source)]
    return list(dict.fromkeys(path for path in quoted if _PATH_END.search(path)))
