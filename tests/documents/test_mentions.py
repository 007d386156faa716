import pytest

from agentos.documents.mentions import (
    code_spans,
    is_path,
    leads_outside,
    mentioned_files,
    mentioned_paths,
)


def test_code_spans_are_inline_code_only() -> None:
    text = "`a` and ``b`c`` and `over\ntwo`\n\n```\n`fenced`\n```\n\nopen ` tick\n\nclosed ` late"
    assert code_spans(text) == ("a", "b`c", "over two", "fenced")


@pytest.mark.parametrize(
    "text",
    ["a.py", "a/b.xyz", "Makefile", "x/LICENSE", ".gitignore", "../up", "/etc/x.conf", "README.md"],
)
def test_paths_are_told(text: str) -> None:
    assert is_path(text)


@pytest.mark.parametrize(
    "text",
    ["", "word", "and/or", "e.g", "v1.2", "1/2.5", "a b.py", "https://x/y.py", "x" * 400 + ".py"],
)
def test_words_are_no_paths(text: str) -> None:
    assert not is_path(text)


@pytest.mark.parametrize("path", ["/etc/passwd", "~/x", "a/../../b", "..\\x", "\\\\host\\x"])
def test_paths_that_lead_outside_are_told(path: str) -> None:
    assert leads_outside(path)


def test_a_path_with_two_dots_in_a_name_stays_inside() -> None:
    assert not leads_outside("a..b/c.py")


def test_paths_are_found_in_backticks_and_bare_but_not_in_urls() -> None:
    text = "See `b.py`, ./a//c.py:12 and x/y.toml. Not https://host/d.py, //e.py is."
    assert mentioned_paths(text) == ("b.py", "a/c.py", "x/y.toml", "//e.py".replace("//", "/"))


def test_files_of_the_tree_are_found_by_path_or_by_a_name_of_their_own() -> None:
    tree = ["src/store.py", "src/cli.py", "tests/cli.py", "bin/run", "Read Me.md"]
    text = "`store.py`, cli.py, `bin/run`, `Read Me.md`, tests/cli.py, missing.py, store"
    assert mentioned_files(text, tree) == ("src/store.py", "bin/run", "Read Me.md", "tests/cli.py")


def test_a_common_word_is_no_file_but_a_makefile_is_one() -> None:
    tree = ["list", "Makefile", "docs/list.md"]
    assert mentioned_files("Add a list of books. Update the Makefile.", tree) == ("Makefile",)
    assert mentioned_files("Change `list`.", tree) == ("list",)
