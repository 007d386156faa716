from collections.abc import Callable

import pytest

from agentos.core.calls import Answer, Request, RequestKind
from agentos.documents.code_context import CodeContext, Excerpt, render
from agentos.models.embedded import EmbeddedModel

CATALOGUE = '''\
"""Rules."""

from shop.store import Store

LONGEST = 366


class Catalogue:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return "Catalogue"

    async def lend(self, book: int, *, days: int = 28) -> None:
        """Lend."""

    def _find(self, book: int) -> int:
        return book
'''
STORE = "class Store:\n    path: str\n    loans = []\n\n    def lend(self, book): ...\n"
TEST = "from shop.catalogue import Catalogue\n\n\ndef test_lend():\n    pass\n"
TREE = (
    "README.md",
    "shop/__init__.py",
    "shop/catalogue.py",
    "shop/store.py",
    "tests/test_catalogue.py",
)
CONTEXT = CodeContext(
    TREE,
    (
        Excerpt("shop/catalogue.py", CATALOGUE),
        Excerpt("shop/store.py", STORE),
        Excerpt("tests/test_catalogue.py", TEST),
        Excerpt("README.md", "# Shop\n\nText."),
    ),
)


@pytest.fixture
def ask() -> Callable[..., str]:
    """Ask the embedded model for one kind of answer; gives its text."""
    model = EmbeddedModel()

    def ask(kind: RequestKind, context: CodeContext = CONTEXT, **parts: str) -> str:
        answer = model.complete(Request(kind, context=render(context), **parts), None)
        assert isinstance(answer, Answer)
        return answer.text

    return ask
