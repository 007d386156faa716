"""The YAML block that a Markdown file may begin with."""

import re
from collections.abc import Mapping

import yaml

_BLOCK = re.compile(
    r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
_OPENING = re.compile(r"\A---[ \t]*\r?\n")


class _Loader(yaml.SafeLoader):
    """Safe, and without aliases: ten lines of them can stand for a text that fills the memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Fields and body of a Markdown text; no fields where it does not begin with `---`.

    A byte order mark is dropped. Raises ValueError, with a sentence, for a block that is never
    closed, is no YAML, or is no mapping.
    """
    text = text.removeprefix("\ufeff")
    if not _OPENING.match(text):
        return {}, text
    block = _BLOCK.match(text)
    if block is None:
        raise ValueError("The front matter begins with --- on line 1 but has no closing --- line")
    try:
        fields = yaml.load(block["yaml"], _Loader)  # noqa: S506 - a SafeLoader
    # ValueError: a date such as 2026-13-99; RecursionError: thousands of brackets
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"The front matter is not valid YAML{_place(error)}") from error
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        sentence = "The front matter is not a list of `name: value` lines"
        raise ValueError(sentence)  # noqa: TRY004 - the text is wrong, not the caller
    return {str(name): value for name, value in fields.items()}, text[block.end() :]


def join_front_matter(fields: Mapping[str, object], body: str) -> str:
    """The Markdown text that `split_front_matter` takes apart; without fields just the body."""
    if not fields:
        return body
    block = yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{block}---\n{body}"


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f" (line {mark.line + 2})"
