import pytest

from agentos.documents.rendering import titled
from agentos.documents.source import parse_source


@pytest.mark.parametrize(
    "text", ["# Mine\n\ntext\n", "text\n\n# Mine\n", "---\ntitle: Mine\n---\ntext\n"]
)
def test_a_title_of_the_authors_own_stays(text: str) -> None:
    assert titled(text, "Other") == text


@pytest.mark.parametrize(
    "text", ["text\n", "---\na: 1\n---\ntext\n", "## Goal\n\ntext\n", "", "# \n"]
)
def test_a_text_without_one_gets_the_title(text: str) -> None:
    result = titled(text, "Dark *mode* & more")
    assert parse_source(result).title == "Dark *mode* & more"
    assert parse_source(result).fields == parse_source(text).fields
    assert parse_source(result).objective == parse_source(text).objective


def test_malformed_front_matter_is_an_error() -> None:
    with pytest.raises(ValueError, match="front matter"):
        titled("---\n[\n---\n", "Title")
