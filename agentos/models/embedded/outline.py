"""What a Python file defines and imports, read from its syntax tree; nothing is executed."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

_MAX_VALUE = 40  # characters of a constant


@dataclass(frozen=True, slots=True)
class Definition:
    """A constant, class, function, method or field; `line` counts from 1.

    `name` is qualified (`Catalogue.lend`), `signature` one line of Python, `depth` the nesting.
    """

    name: str
    signature: str
    line: int
    depth: int = 0

    @property
    def is_callable(self) -> bool:
        """Whether it is a class, function or method, and not a constant or field."""
        return self.signature.startswith(("class ", "def ", "async def "))

    @property
    def is_special(self) -> bool:
        """Whether Python calls it rather than people, constructors aside."""
        return self.name.endswith("__") and not self.name.endswith("__init__")

    @property
    def is_public(self) -> bool:
        """Whether no part of the name is private; a constructor is public."""
        return all(p == "__init__" or not p.startswith("_") for p in self.name.split("."))


@dataclass(frozen=True, slots=True)
class Outline:
    """A module's definitions in their order, and the dotted names that it imports."""

    definitions: tuple[Definition, ...] = ()
    imports: frozenset[str] = frozenset()


def outline_of(path: str, text: str) -> Outline | None:
    """The outline of a module; None for what is not Python that this interpreter can parse."""
    if PurePosixPath(path).suffix not in (".py", ".pyi"):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the file's own escapes and comparisons
            tree = ast.parse(text)
        return Outline(tuple(_definitions(tree.body)), frozenset(_imports(path, tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def module_name(path: str) -> str:
    """The dotted name of a module: `shelf.store` of `src/shelf/store.py`."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts[0] == "src":
        del parts[0]
    if parts[-1] == "__init__":
        del parts[-1]
    return ".".join(parts)


def _definitions(body: list[ast.stmt], owner: str = "", depth: int = 0) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Definition(owner + node.name, _function(node), node.lineno, depth)
        elif isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            signature = f"class {node.name}({bases})" if bases else f"class {node.name}"
            yield Definition(owner + node.name, signature, node.lineno, depth)
            yield from _definitions(node.body, f"{owner}{node.name}.", depth + 1)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            signature = f"{node.target.id}: {ast.unparse(node.annotation)}"
            yield Definition(owner + node.target.id, signature, node.lineno, depth)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    value = ast.unparse(node.value)
                    shown = value if len(value) <= _MAX_VALUE else "..."
                    signature = f"{target.id} = {shown}"
                    yield Definition(owner + target.id, signature, node.lineno, depth)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{word} {node.name}({ast.unparse(node.args)}){result}"


def _imports(path: str, tree: ast.Module) -> Iterator[str]:
    package = module_name(str(PurePosixPath(path).parent / "__init__.py")).split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
