import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.documents.code_context import CodeContext, Excerpt, parse, render
from agentos.documents.markdown import Code, blocks, sections

LINE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.splitlines() == [text]
)
CODE = st.lists(
    st.sampled_from(["```", "````", "## Left out", "### `x`", "\n", "\r", "- x", "~~~"])
    | st.text(max_size=5),
    max_size=10,
).map("".join)
CONTEXTS = st.builds(
    CodeContext,
    st.lists(LINE, max_size=4).map(tuple),
    st.lists(st.builds(Excerpt, LINE, CODE), max_size=3).map(tuple),
    st.lists(LINE, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(CONTEXTS)
def test_what_was_rendered_is_parsed_again(context: CodeContext) -> None:
    assert parse(render(context)) == context


@settings(deadline=None)
@given(CODE)
def test_code_cannot_break_out_of_its_fence(code: str) -> None:
    text = render(CodeContext((), (Excerpt("a.py", code),), ()))
    titles = [section.title for section in sections(text) if section.level]
    assert titles == ["Files", "Excerpts", "a.py", "Left out"]
    assert isinstance(blocks(sections(text)[3].text)[0], Code)


def test_it_is_markdown_that_a_person_can_read() -> None:
    context = CodeContext(("a.py", "b"), (Excerpt("a.py", "x = 1"), Excerpt("b", "")), ("c: big",))
    assert render(context) == (
        "## Files\n\n```text\na.py\nb\n```\n\n## Excerpts\n\n### `a.py`\n\n```py\nx = 1\n```\n\n"
        "### `b`\n\n```\n\n```\n\n## Left out\n\n- c: big\n"
    )


def test_nothing_is_an_empty_context() -> None:
    assert parse(" \n") == CodeContext()


@pytest.mark.parametrize("line", ["", "a\nb", "a\r", "a\u2028b"])
def test_a_path_is_one_line(line: str) -> None:
    with pytest.raises(ValueError, match="single line"):
        CodeContext((line,))


@pytest.mark.parametrize(
    "text",
    [
        "just text",
        "## Files\n\nno fence\n",
        "## Files\n\n```text\na\n",
        "## Files\n\n```text\n\n```\n\n## Excerpts\n\nwords\n",
        "## Files\n\n```text\n\n```\n\n## Excerpts\n",
        "## Files\n\n```text\n\n```\n\n## Excerpts\n\n### `a`\n\n```\nx\n```\n\n",
    ],
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Not a rendered context"):
        parse(text)
