"""Looks at a project at the instant in which a kill has frozen it: is all that is there whole?

What a document has to say is known from a twin of the project, in which nothing was killed.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from agentos.core.hashing import sha256
from agentos.core.paths import DESIGNS, IDEAS, INDEX, ISSUES, LINEAGES, StatePaths
from agentos.documents.status import status_of
from agentos.publishing.index import read_index
from agentos.workflows.journal import JournalSnapshot, read_journal

_WRITTEN = (DESIGNS, LINEAGES, ISSUES, IDEAS)


class Twin:
    """A project in which everything went well, to compare another one with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._named: dict[str, bytes] = {}
        self._anywhere: set[bytes] = set()

    def learn(self) -> None:
        """Take in what is there by now."""
        for name, content in _visible(self.root).items():
            if name.startswith((f"{ISSUES}/", f"{IDEAS}/")):
                self._anywhere.add(content)  # numbers differ, and briefs move
            else:
                self._named[name] = content

    def assert_whole(self, project: Path) -> None:
        """Every visible file is to the byte one of the twin's, and the index agrees with both."""
        for name, content in _visible(project).items():
            is_known = content == self._named.get(name) or (
                name.startswith((f"{ISSUES}/", f"{IDEAS}/")) and content in self._anywhere
            )
            assert is_known, f"{name} is not whole, or nobody's: {len(content)} bytes"
        expected = read_index(self.root)
        for label, entry in read_index(project).items():
            assert entry.outcome is expected[label].outcome, label
            assert entry.document_hash == sha256((project / entry.document).read_bytes()), label

    def assert_equal(self, project: Path, state: StatePaths) -> None:
        """All items have ended as in the twin, each once, and no trace of a kill is left."""
        self.assert_whole(project)
        index, expected = read_index(project), read_index(self.root)
        assert index.keys() == expected.keys()
        for label, entry in index.items():
            assert entry.input_hash == expected[label].input_hash, label
            text = (project / entry.document).read_text(encoding="utf-8")
            assert status_of(text) is entry.outcome, label
        found = _visible(project)
        assert {name for name in found if name in self._named} == self._named.keys()
        expected_files = _visible(self.root)
        differences = {*_names(found, expected_files), *_names(expected_files, found)}
        assert not differences, f"only in one of the two, or not as often: {sorted(differences)}"
        assert _hidden(project) == []
        assert list(state.checkpoints.iterdir()) == [], "a journal, or a part of one, is left"


def journal_of_a_killed(path: Path) -> JournalSnapshot:
    """What is recorded, with nothing wrong about it."""
    snapshot = read_journal(path) or JournalSnapshot()
    assert not snapshot.problem, snapshot.problem
    return snapshot


def _visible(project: Path) -> dict[str, bytes]:
    """By path, what a person would take for a document."""
    found = {}
    for path in _files(project):
        if not path.name.startswith("."):
            with suppress(FileNotFoundError):  # a brief that moves to those done
                found[str(path.relative_to(project))] = path.read_bytes()
    return found


def _names(files: Mapping[str, bytes], others: Mapping[str, bytes]) -> set[str]:
    """Of files whose content is not among the others as often."""
    more = Counter(files.values()) - Counter(others.values())
    return {name for name, content in files.items() if content in more}


def _hidden(project: Path) -> list[Path]:
    """What killed writers left among the documents and beside the index."""
    files = [*_files(project), *(project / INDEX).parent.iterdir()]
    return [path for path in files if path.name.startswith(".")]


def _files(project: Path) -> list[Path]:
    below = (path for folder in _WRITTEN for path in (project / folder).rglob("*"))
    return sorted(path for path in below if path.is_file())
