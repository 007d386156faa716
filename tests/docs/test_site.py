"""The site builds without a warning, and every link leads somewhere, there and in the files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import pages
from doc_links import BuiltPage, is_elsewhere, markdown_anchors, markdown_links, target
from doc_projects import CLONE

from agentos.core.config.known_settings import SETTINGS, TABLES

MARKDOWN = [*pages(CLONE), CLONE / "CHANGELOG.md"]
NAMES = [path.relative_to(CLONE).as_posix() for path in MARKDOWN]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--nitpicky"]
    places = ["-d", str(folder / "cache"), str(CLONE / "docs"), str(folder / "html")]
    built = subprocess.run(
        [*command, "--keep-going", *places], capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "html"


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, BuiltPage]:
    return {path: BuiltPage(path) for path in site.rglob("*.html")}


def test_every_link_and_anchor_of_the_site_leads_somewhere(built: dict[Path, BuiltPage]) -> None:
    broken = []
    for path, page in built.items():
        for link in page.links:
            if is_elsewhere(link):
                continue
            file, anchor = target(link, path)
            ids = built[file].ids if file in built else set()
            if not file.is_file() or (anchor and anchor not in ids):
                broken.append((path.name, link))
    assert not broken


def test_a_page_loads_nothing_from_elsewhere(built: dict[Path, BuiltPage]) -> None:
    loaded = {(path.name, link) for path, page in built.items() for link in page.loaded}
    assert loaded
    assert [one for one in loaded if is_elsewhere(one[1])] == []


def test_every_page_is_built(site: Path) -> None:
    for path in (CLONE / "docs").rglob("*.md"):
        assert (site / path.relative_to(CLONE / "docs").with_suffix(".html")).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_file_leads_somewhere(name: str) -> None:
    path = CLONE / name
    for link in markdown_links(path.read_text(encoding="utf-8")):
        if is_elsewhere(link):
            continue
        file, anchor = target(link, path)
        assert file.exists(), link
        assert not anchor or anchor in markdown_anchors(file.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("name", NAMES)
def test_no_page_installs_what_belongs_to_somebody_else(name: str) -> None:
    installs = re.compile(r"(?:pipx? install|uvx|--from) (?:-\S+ )*'?agentos\b")
    assert installs.findall((CLONE / name).read_text(encoding="utf-8")) == []


def test_every_variable_of_ours_is_documented() -> None:
    named = re.compile(r"\bAGENTOS_[A-Z0-9_]+\b")
    page = (CLONE / "docs/reference/environment.md").read_text(encoding="utf-8")
    read = {
        variable
        for path in (CLONE / "agentos").rglob("*.py")
        for variable in named.findall(path.read_text(encoding="utf-8"))
    }
    assert read == set(named.findall(page))


def test_the_site_shows_every_setting_and_command(built: dict[Path, BuiltPage], site: Path) -> None:
    text = (site / "reference/settings.html").read_text(encoding="utf-8")
    names = {*SETTINGS} | {name for table in TABLES.values() for name in table.settings}
    assert [name for name in names if f">{name}<" not in text] == []
    ids = built[site / "reference/commands.html"].ids
    assert {"agentos-parallel-lld", "agentos-config-trust", "agentos-status"} <= ids


def test_the_site_lists_what_is_not_run(site: Path) -> None:
    text = (site / "contributing.html").read_text(encoding="utf-8")
    assert "needs the internet: installs from a package index" in text
