"""Every block of the README and of the docs does what its page shows."""

from pathlib import Path

import pytest
from doc_blocks import REASONS, Block, Page, commands, pages, parse_page
from doc_projects import CLONE
from doc_runner import desk_for, do

from agentos.core.errors import AgentosError

LANGUAGES = {"console", "json", "makefile", "markdown", "python", "text", "toml", "yaml"}
"""Those of plain blocks; a directive of the site has its name in braces."""

PAGES = [path.relative_to(CLONE).as_posix() for path in pages(CLONE)]


def read(name: str) -> str:
    return (CLONE / name).read_text(encoding="utf-8")


def to_run(page: Page) -> list[Block]:
    return [block for block in page.blocks if block.mark("not run") is None]


@pytest.mark.parametrize("name", [name for name in PAGES if to_run(parse_page(read(name)))])
def test_what_a_page_shows_is_what_happens(name: str, tmp_path: Path) -> None:
    page = parse_page(read(name))
    with desk_for(page, tmp_path) as desk:
        for block in to_run(page):
            try:
                do(block, desk)
            except (AssertionError, AgentosError, ValueError) as error:
                pytest.fail(f"{name}:{block.line}: {error}", pytrace=False)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_block_is_and_why_it_is_not_run_is_of_a_known_kind(name: str) -> None:
    for block in parse_page(read(name)).blocks:
        where = f"{name}:{block.line}"
        assert block.language in LANGUAGES or block.language.startswith("{"), where
        assert block.language != "console" or list(commands(block)), where
        reason = block.mark("not run")
        assert reason is None or reason.startswith(REASONS), where
