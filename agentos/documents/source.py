"""An issue or an idea brief, as a person wrote it, taken apart."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from agentos.documents.bold_headings import bold_as_headings
from agentos.documents.checklist import (
    split_checklist,
    split_done,
    without_box,
    without_ticked_lines,
)
from agentos.documents.front_matter import split_front_matter
from agentos.documents.headings import Role, role_of
from agentos.documents.markdown import (
    Block,
    Code,
    ListItem,
    Paragraph,
    Section,
    Table,
    blocks,
    sections,
)
from agentos.documents.named_files import NamedFile, named_files
from agentos.documents.status import MISSING, is_status_line

_PLACEHOLDER = re.compile(
    r"(?:tbd|tba|tbc|todo|fixme|xxx|wip|to be (?:done|decided|defined|determined|written|added)"
    r"|coming soon|fill (?:this )?in|no response)[\s.!:\u2026]*"
    r"|(?:tbd|tba|todo|fixme)\s*:.*|lorem ipsum.*|\W*"
    # What stands in the templates for issues that GitHub offers.
    r"|if applicable, add screenshots to help explain your problem\."
    r"|add any other context (?:or screenshots )?about the [\w ]+ here\."
    r"|a clear and concise description of .*",
    re.IGNORECASE | re.DOTALL,
)
_ASKING = (Role.OBJECTIVE, Role.PROPOSAL, Role.REQUIREMENTS, Role.CRITERIA)
_NUMBER = re.compile(r"\A\**(?:R|AC|REQ)-?\d+\**[:.)]*\**\s+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One requirement or acceptance criterion, on one line; `code` belongs to it.

    `part_of` is the index of the statement under which it was listed, `number` the one that it had
    in a numbered list.
    """

    text: str
    part_of: int | None = None
    code: tuple[Code, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The parts of an issue or a brief; a part that is missing or says TBD is empty.

    `introduction` stands before the first section, `notes` beside the lists of requirements and
    criteria, with what is ticked off, `rest` under headings of the author's own. `prose` is all
    that was written except what is out of scope or ticked off: there files are looked for.
    """

    title: str = ""
    fields: dict[str, object] = field(default_factory=dict)
    introduction: tuple[Block, ...] = ()
    objective: tuple[Block, ...] = ()
    background: tuple[Block, ...] = ()
    proposal: tuple[Block, ...] = ()
    users: tuple[Block, ...] = ()
    requirements: tuple[Statement, ...] = ()
    criteria: tuple[Statement, ...] = ()
    notes: tuple[Block, ...] = ()
    files: tuple[NamedFile, ...] = ()
    security: tuple[Block, ...] = ()
    risks: tuple[Block, ...] = ()
    out_of_scope: tuple[Block, ...] = ()
    questions: tuple[Block, ...] = ()
    rest: tuple[Block, ...] = ()
    prose: str = ""


def is_placeholder(text: str) -> bool:
    """Whether a text only says that it is still to be written: `TBD`, `TODO: ...`, `?`, nothing."""
    bare = text.strip()
    if re.fullmatch(r"<[^<>]+>", bare):  # <title>
        return True
    return _PLACEHOLDER.fullmatch(bare.strip("*_`[](){}<>").strip()) is not None


def parse_source(text: str) -> Source:
    """The parts of an issue or a brief. Raises ValueError for front matter that is malformed."""
    fields, body = split_front_matter(text)
    reading = _Reading()
    for section in _sections(body):
        reading.take(section.level, section.title, section.text)
    introduction, objective = reading.introduction, reading.parts[Role.OBJECTIVE]
    required = reading.parts[Role.REQUIREMENTS]
    if not (required or reading.parts[Role.CRITERIA]):
        required, introduction = split_checklist(introduction)
        checklist, beside = split_checklist(objective)
        if beside and not required:  # of a list alone there would be no objective left
            required, objective = checklist, beside
    requirements, notes = statements(required)
    criteria, notes_of_criteria = statements(reading.parts[Role.CRITERIA])
    named = fields.get("title")
    return Source(
        title=reading.title or (named if isinstance(named, str) else ""),
        fields=fields,
        introduction=tuple(introduction),
        objective=tuple(objective),
        background=tuple(reading.parts[Role.BACKGROUND]),
        proposal=tuple(reading.parts[Role.PROPOSAL]),
        users=tuple(reading.parts[Role.USERS]),
        requirements=requirements,
        criteria=criteria,
        notes=(*notes, *notes_of_criteria, *reading.done),
        files=named_files(reading.files),
        security=tuple(reading.parts[Role.SECURITY]),
        risks=tuple(reading.parts[Role.RISKS]),
        out_of_scope=tuple(reading.parts[Role.OUT_OF_SCOPE]),
        questions=tuple(reading.parts[Role.QUESTIONS]),
        rest=tuple(reading.rest),
        prose="\n\n".join(reading.prose),
    )


def _sections(body: str) -> tuple[Section, ...]:
    """Under its headings, or where none of them names a part, under its lines in bold."""
    found = sections(body)
    if any(role_of(section.title) for section in found):
        return found
    return sections(bold_as_headings(body))


class _Reading:
    """Sections taken one after the other, each given to the part that its heading names."""

    def __init__(self) -> None:
        self.title = ""
        self.introduction: list[Block] = []
        self.rest: list[Block] = []
        self.parts: dict[Role, list[Block]] = {role: [] for role in Role}
        self.files: list[tuple[str, Block]] = []
        self.prose: list[str] = []
        self.done: list[Block] = []
        self._role: Role | None = None
        self._level = 0
        self._opened = False

    def take(self, level: int, title: str, text: str) -> None:
        # What we listed as missing is no part of what the author says.
        content = [b for b in blocks(text) if not _is_empty(b) and title != MISSING]
        is_title = level == 1 and not self.title and not self._opened
        if level == 0 or is_title:
            self.title = title
            self.introduction += self._open(content)
        else:
            self._opened = True
            self._enter(level, title)
            self._add(title, content)
        if self._role is not Role.OUT_OF_SCOPE:
            self.prose.append(without_ticked_lines(text))

    def _enter(self, level: int, title: str) -> None:
        """A heading of a known name opens its part; others continue the part they stand under."""
        known = role_of(title)
        inside = level > self._level > 0
        if inside and (known in (None, self._role) or self._role is Role.OUT_OF_SCOPE):
            return
        self._role, self._level = known, level

    def _add(self, title: str, content: list[Block]) -> None:
        if self._role is None:
            if content and not is_placeholder(title):
                self.rest.append(Paragraph(f"{title}:"))
            self.rest += content
        elif self._role is Role.FILES:
            self.files += [(title, block) for block in self._open(content)]
        else:
            asks = self._role in _ASKING
            self.parts[self._role] += self._open(content) if asks else content

    def _open(self, content: list[Block]) -> list[Block]:
        """The content without what is ticked off."""
        still_open, done = split_done(content)
        self.done += done
        return still_open


def statements(content: Iterable[Block]) -> tuple[tuple[Statement, ...], tuple[Block, ...]]:
    """The entries of a section, and what stands beside them.

    Entries are list items, else table rows, else paragraphs, else code.
    """
    content = list(content)
    for kind in (ListItem, Table, Paragraph, Code):
        if any(isinstance(block, kind) for block in content):
            return _entries(content, kind)
    return (), ()


def _entries(
    content: list[Block], kind: type[Block]
) -> tuple[tuple[Statement, ...], tuple[Block, ...]]:
    entries: list[Statement] = []
    beside: list[Block] = []
    path: list[int] = []  # indexes of the entries above, one a depth
    for block in content:
        if not isinstance(block, kind):
            beside.append(block)
        elif isinstance(block, ListItem):
            del path[block.depth :]
            parent = path[-1] if path else None
            entries.append(Statement(_text(block.text), parent, block.code, block.number))
            path.append(len(entries) - 1)
        elif isinstance(block, Table):
            rows = [" \N{EN DASH} ".join(filter(None, row)) for row in block.rows if _says(row)]
            entries += [Statement(_text(row)) for row in rows]
        elif isinstance(block, Paragraph):
            entries.append(Statement(_text(block.text)))
        else:
            entries.append(Statement("As in this example:", code=(block,)))
    return tuple(entries), tuple(beside)


def _text(text: str) -> str:
    """An entry without the check box or number that its author gave it."""
    return _NUMBER.sub("", without_box(text))


def _says(row: Iterable[str]) -> bool:
    return not all(is_placeholder(cell) for cell in row)


def _is_empty(block: Block) -> bool:
    if isinstance(block, Table):
        return not any(_says(row) for row in block.rows)
    if isinstance(block, ListItem):
        return not block.code and is_placeholder(_text(block.text))
    return is_placeholder(block.text) or is_status_line(block.text)
