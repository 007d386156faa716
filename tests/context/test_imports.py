import pytest

from agentos.context.imports import ImportLookup, folders_above, language

FILES = (
    "src/shop/__init__.py",
    "src/shop/cart.py",
    "src/shop/json.py",
    "src/shop/prices/__init__.py",
    "src/shop/prices/table.py",
    "tests/helpers.py",
    "scripts/run.py",
    "web/app.ts",
    "web/view.tsx",
    "web/parts/index.ts",
    "web/old.js",
    "web/data.json",
    "go/internal/store/db.go",
    "go/internal/store/db_test.go",
    "go/internal/store/sql.go",
    "go/http/server.go",
    "go/api/api.go",
    "docs/x.md",
)


def imported(path: str, text: str) -> list[str]:
    return list(ImportLookup(FILES).imported(path, text))


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("tests/test_x.py", "import shop.cart as c, helpers",
         ["src/shop/cart.py", "tests/helpers.py"]),
        ("tests/test_x.py", "from shop import cart, VERSION", ["src/shop/cart.py"]),
        ("tests/test_x.py", "from shop import VERSION", ["src/shop/__init__.py"]),
        ("tests/test_x.py", "from shop.cart import Cart", ["src/shop/cart.py"]),
        ("tests/test_x.py", "    from shop import (\n  cart,  # x\n  prices\n)",
         ["src/shop/cart.py", "src/shop/prices/__init__.py"]),
        ("src/shop/x.py", "from . import cart", ["src/shop/cart.py"]),
        ("src/shop/x.py", "from . import VERSION", ["src/shop/__init__.py"]),
        ("src/shop/prices/table.py", "from ..cart import Cart", ["src/shop/cart.py"]),
        ("src/shop/prices/x.py", "from .table import T", ["src/shop/prices/table.py"]),
        ("src/shop/x.py", "from ......cart import Cart", []),
        ("src/shop/x.py", "import json", []),  # the one of the standard library
        ("src/shop/x.py", "import re,", []),
        ("src/shop/cart.py", "import shop.cart", []),  # itself
        ("src/shop/x.py", "we import shop.cart", []),
        ("src/shop/x.pyi", "import shop.cart\nimport shop.cart", ["src/shop/cart.py"]),
    ],
)  # fmt: skip
def test_python(path: str, line: str, expected: list[str]) -> None:
    assert imported(path, line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('import { App } from "./app";', ["web/app.ts"]),
        ("import './app'", ["web/app.ts"]),
        ("import {\n  A,\n} from './view.js'", ["web/view.tsx"]),
        ("export * from './parts'", ["web/parts/index.ts"]),
        ("const x = require('./old.js')", ["web/old.js"]),
        ("await import(\n  './old')", ["web/old.js"]),
        ("import data from '../web/data.json'", ["web/data.json"]),
        ("import x from 'app'", []),
        ("import x from '../../app'", []),
        ("const y = './app'", []),
    ],
)
def test_scripts(line: str, expected: list[str]) -> None:
    assert imported("web/main.ts", line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('import "example.com/shop/go/internal/store"',
         ["go/internal/store/db.go", "go/internal/store/sql.go"]),
        ('import (\n\t"net/http"\n\ts "shop/go/http" // x\n)', ["go/http/server.go"]),
        ('\t_ "example.com/other"', []),
        ('\t"fmt"', []),
        ('x := "shop/go/http"', []),
    ],
)  # fmt: skip
def test_go(line: str, expected: list[str]) -> None:
    assert imported("go/main.go", line) == expected


def test_other_files_import_nothing() -> None:
    assert imported("docs/y.md", "import helpers") == []
    assert language("a.rs") == ""


def test_the_folders_above_end_with_the_project() -> None:
    assert folders_above("a/b/c.py") == ["a/b", "a", ""]
    assert folders_above("c.py") == [""]
