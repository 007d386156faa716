import pytest

from agentos.models.embedded.outline import module_name, outline_of
from agentos.models.embedded.test_scenarios import what_to_check

CODE = r"""
import os, a.b
from . import sibling
from ..up import thing
from far.away import it

PATTERN = "\d"
LONG = "------------------------------------------------------------"
a = b = 1
x.y = 2
TYPED: int = 3
x.z: int = 4


class Base(Thing, metaclass=M):
    async def run(self): ...
    class Inner:
        field: str
"""


def test_definitions_and_imports_are_read_from_the_syntax() -> None:
    outline = outline_of("pkg/sub/mod.py", CODE)
    assert outline is not None
    assert [(d.name, d.signature, d.depth) for d in outline.definitions] == [
        ("PATTERN", "PATTERN = '\\\\d'", 0),
        ("LONG", "LONG = ...", 0),
        ("a", "a = 1", 0),
        ("b", "b = 1", 0),
        ("TYPED", "TYPED: int", 0),
        ("Base", "class Base(Thing)", 0),
        ("Base.run", "async def run(self)", 1),
        ("Base.Inner", "class Inner", 1),
        ("Base.Inner.field", "field: str", 2),
    ]
    assert outline.imports == {
        "os", "a.b", "pkg.sub", "pkg.sub.sibling", "pkg.up", "pkg.up.thing", "far.away",
        "far.away.it",
    }  # fmt: skip


def test_a_package_imports_from_itself() -> None:
    outline = outline_of("src/pkg/__init__.py", "from .mod import x")
    assert outline is not None
    assert outline.imports == {"pkg.mod", "pkg.mod.x"}


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.md", "x = 1"), ("a.py", "def ("), ("a.py", "x = '\0'"), ("a.py", "(" * 5000)],
)
def test_what_is_no_python_has_no_outline(path: str, text: str) -> None:
    assert outline_of(path, text) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [("src/a/b.py", "a.b"), ("a/__init__.py", "a"), ("a.pyi", "a"), ("__init__.py", "")],
)
def test_modules_have_dotted_names(path: str, name: str) -> None:
    assert module_name(path) == name


@pytest.mark.parametrize(
    ("requirement", "check"),
    [
        ("If step 2 fails, go on.", "that failure, brought about on purpose"),
        ("It works.", "a typical case, and the result as stated"),
        ("At most 1,000 books, please.", "below, at and beyond the limit (At most 1,000 books)"),
        ("Takes less than 0.2 s.", "below, at and beyond the limit (less than 0.2 s)"),
        ("It fails with exit code 1.",
         "the forbidden attempt is turned down and changes nothing; the exit code"),
        ("Sorted, unless asked twice.",
         "the order, with three entries or more; both with and without; doing it a second time"),
    ],
)  # fmt: skip
def test_the_wording_of_a_requirement_tells_what_to_check(requirement: str, check: str) -> None:
    assert what_to_check(requirement, is_criterion=False) == check


def test_a_criterion_is_a_case_by_itself() -> None:
    assert what_to_check("Ada gets it.", is_criterion=True) == "this very case"
