"""Both distributions and an installation, made once for all tests; an index has to be reached."""

import os
import sys

import pytest
from distributions import (
    Distributions,
    Installed,
    copy_of_the_clone,
    installers_environ,
    run_well,
)


@pytest.fixture(scope="session")
def installers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of pip, pipx and uv; made before a test's own home hides the machine's."""
    return installers_environ(os.environ, tmp_path_factory.mktemp("installers"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, installers: dict[str, str]) -> Distributions:
    folder = tmp_path_factory.mktemp("packaging")
    source = copy_of_the_clone(folder / "source")
    packed = folder / "packed"
    run_well(
        sys.executable, "-m", "build", "--outdir", packed, source, cwd=folder, environ=installers
    )
    (sdist,) = packed.glob("*.tar.gz")
    (wheel,) = packed.glob("*.whl")
    return Distributions(source, sdist, wheel)


@pytest.fixture(scope="session")
def installed(
    tmp_path_factory: pytest.TempPathFactory, installers: dict[str, str], built: Distributions
) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    place = Installed(folder / "venv", folder / "empty")
    place.folder.mkdir()
    venv = [sys.executable, "-m", "venv", "--without-pip", place.venv]  # to copy one takes long
    run_well(*venv, cwd=place.folder, environ=installers)
    pip = [sys.executable, "-m", "pip", "--python", place.python]
    run_well(*pip, "install", built.wheel, cwd=place.folder, environ=installers)
    return place
