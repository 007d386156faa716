"""Blocks and marks as they are read from a page."""

import pytest
from doc_blocks import Block, Command, MarkError, commands, parse_page

PAGE = """\
<!-- project: shelf 42 -->
<!-- provider: loopback -->

# Title

Text with `code`.

<!-- file: agentos.toml -->
```toml
budget = 1
```

- In a list:

  <!-- exits: 3 -->
  <!-- types: Key: -> made-up -->
  <!-- types: Again: -> made-up -->
  ```console
  $ agentos status
  ```

```text
shown
```
"""


def console(text: str) -> Block:
    return Block(1, "console", text, {})


def test_marks_belong_to_the_page_or_to_the_block_after_them() -> None:
    page = parse_page(PAGE)
    assert page.marks == {"project": ("shelf 42",), "provider": ("loopback",)}
    assert [(block.line, block.language) for block in page.blocks] == [
        (9, "toml"),
        (18, "console"),
        (22, "text"),
    ]
    assert page.blocks[0].mark("file") == "agentos.toml"
    assert page.blocks[1].marks == {
        "exits": ("3",),
        "types": ("Key: -> made-up", "Again: -> made-up"),
    }
    assert page.blocks[2].mark("exits") is None


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n<!-- exit: 3 -->\n```console\n$ true\n```\n",
        "# T\n\n<!-- exits: 3 -->\nText.\n\n```console\n$ true\n```\n",
        "# T\n\n<!-- exits: 3 -->\n",
        "<!-- exits: 3 -->\n```console\n$ true\n```\n",
    ],
)
def test_a_mark_that_would_do_nothing_is_refused(text: str) -> None:
    with pytest.raises(MarkError):
        parse_page(text)


def test_a_comment_that_is_no_mark_is_a_comment() -> None:
    assert parse_page("<!-- The text is elsewhere. -->\n\n# T\n").marks == {}


def test_a_command_goes_on_and_shows_lines() -> None:
    found = list(commands(console("$ cat <<END\n> one\n> END\none\n> two\n\n$ true\n")))
    assert found == [Command("cat <<END\none\nEND", ("one", "> two", "")), Command("true", ())]


@pytest.mark.parametrize("text", ["output\n$ true\n", "agentos status\n"])
def test_a_console_block_begins_with_a_command(text: str) -> None:
    with pytest.raises(MarkError):
        list(commands(console(text)))
