"""An sdist and a wheel hold what they should, and nothing that lay about."""

import re
import sys
from email.parser import HeaderParser
from pathlib import Path

import pytest
from distributions import STRAYS, Distributions, files_of_wheel, run_well
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

pytestmark = pytest.mark.timeout(600)  # what is built is built once, in the first test


def test_twine_has_nothing_to_say(
    built: Distributions, installers: dict[str, str], tmp_path: Path
) -> None:
    check = [sys.executable, "-m", "twine", "--no-color", "check", "--strict"]
    said = run_well(*check, built.sdist, built.wheel, cwd=tmp_path, environ=installers)
    assert len(re.findall(r":\s*PASSED", said)) == 2, said  # a long path is wrapped
    assert "WARNING" not in said


def test_the_wheel_holds_the_package_and_what_is_said_about_it(built: Distributions) -> None:
    package = built.files_of_source(["agentos"])
    assert "agentos/py.typed" in package
    about = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    assert set(built.wheel_files) == {*package, *(f"{built.information}/{name}" for name in about)}
    assert {name: built.wheel_files[name] for name in package} == package
    license_text = (built.source / "LICENSE").read_bytes()
    assert built.wheel_files[f"{built.information}/licenses/LICENSE"] == license_text


def test_it_is_for_every_python_3_and_machine(built: Distributions) -> None:
    assert built.wheel.name.endswith("-py3-none-any.whl")


def test_the_sdist_holds_the_package_the_docs_and_the_examples(built: Distributions) -> None:
    inside = built.files_of_source(["agentos", "docs", "examples"])
    top = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml")
    made = {"PKG-INFO", ".gitignore"}  # hatch always packs the latter
    assert set(built.sdist_files) == {*inside, *top, *made}
    for name in (*inside, *top):
        assert built.sdist_files[name] == (built.source / name).read_bytes(), name


def test_no_stray_file_is_in_them(built: Distributions) -> None:
    for stray in STRAYS:
        assert (built.source / stray).is_file()
        assert stray not in built.sdist_files
        assert stray not in built.wheel_files


def test_the_site_can_be_built_from_the_sdist(
    built: Distributions, installers: dict[str, str], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    for name, content in built.sdist_files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    sphinx = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--nitpicky"]
    run_well(  # "dummy" reads and resolves everything and writes no pages, which takes half as long
        *[*sphinx, "--builder=dummy", source / "docs", tmp_path / "site"],
        cwd=tmp_path,
        environ=installers | {"PYTHONPATH": str(source)},
    )


def test_a_wheel_from_the_clone_is_the_one_from_the_sdist(
    built: Distributions, installers: dict[str, str], tmp_path: Path
) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, built.source]
    run_well(*build, cwd=tmp_path, environ=installers)
    assert files_of_wheel(tmp_path / built.wheel.name) == built.wheel_files


def test_the_metadata_are_right(built: Distributions) -> None:
    about = built.metadata
    assert about["Name"] == "agentos"
    assert about["License-Expression"] == "MIT"
    assert about["Requires-Python"] == ">=3.11"
    assert about["Description-Content-Type"] == "text/markdown"
    assert about.get_payload() == (built.source / "README.md").read_text(encoding="utf-8")
    assert "Typing :: Typed" in (about.get_all("Classifier") or [])
    packed = HeaderParser().parsestr(built.sdist_files["PKG-INFO"].decode())
    assert packed.items() == about.items()


@pytest.mark.parametrize("name", ["Project-URL", "Home-page", "Download-URL", "Author-email"])
def test_no_address_is_made_up(name: str, built: Distributions) -> None:
    assert name not in built.metadata


def test_each_extra_adds_one_package(built: Distributions) -> None:
    assert sorted(built.metadata.get_all("Provides-Extra") or []) == [
        "anthropic",
        "gemini",
        "keyring",
        "openai",
    ]
    needs = [Requirement(line) for line in built.metadata.get_all("Requires-Dist") or []]
    added = {
        extra: [
            (need.name, need.specifier)
            for need in needs
            if need.marker is not None and need.marker.evaluate({"extra": extra})
        ]
        for extra in ("anthropic", "gemini", "keyring", "openai")
    }
    assert added == {
        "anthropic": [("anthropic", SpecifierSet(">=2,<3"))],
        "gemini": [("google-genai", SpecifierSet(">=3,<4"))],
        "keyring": [("keyring", SpecifierSet(">=25"))],
        "openai": [("openai", SpecifierSet(">=3,<4"))],
    }
