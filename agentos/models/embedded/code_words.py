"""Where the words that an issue puts in backticks are defined in the code."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from agentos.documents.mentions import code_spans
from agentos.documents.source import Statement
from agentos.documents.writing import code_span
from agentos.models.embedded.outline import Definition, Outline

_MAX_PLACES = 4  # of one word
_WORD = re.compile(r"[^\W\d]\w{2,}")


def words_in_code(
    statements: Sequence[Statement], prose: str, outlines: Mapping[str, Outline]
) -> list[tuple[str, str, str]]:
    """A row for each word that names something outside of the tests: word, requirements, places."""
    known: dict[str, list[tuple[str, Definition]]] = {}
    for path, outline in outlines.items():
        if not is_test(path):
            for definition in outline.definitions:
                short = definition.name.rpartition(".")[2].strip("_")
                known.setdefault(short, []).append((path, definition))
    rows = []
    for word in dict.fromkeys(_words(prose)):
        if places := known.get(word.strip("_")):
            said = [f"R{n}" for n, s in enumerate(statements, 1) if word in _words(s.text)]
            shown = [f"{code_span(f'{p}:{d.line}')} {d.name}" for p, d in places[:_MAX_PLACES]]
            more = [f"{len(places) - _MAX_PLACES} more"] if len(places) > _MAX_PLACES else []
            rows.append((code_span(word), ", ".join(said) or "the text", ", ".join(shown + more)))
    return rows


def is_test(path: str) -> bool:
    """Whether a path looks like a file of tests."""
    parts = PurePosixPath(path).parts
    return parts[0] in ("test", "tests") or parts[-1].startswith("test_")


def _words(text: str) -> list[str]:
    return [word for span in code_spans(text) if "/" not in span for word in _WORD.findall(span)]
