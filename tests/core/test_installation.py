"""The command fits the environment. That these commands work was seen with the real programs."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agentos.core.installation import Installation, install_command, this_installation
from agentos.core.shell import quoted

WHEEL = "/tmp/my wheels/agentos.whl"


@pytest.fixture
def venv(tmp_path: Path) -> Installation:
    """A virtual environment, with the command in it."""
    prefix = tmp_path / "it"
    (prefix / "bin").mkdir(parents=True)
    program = prefix / "bin/agentos"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return Installation(str(prefix / "bin/python"), prefix, str(tmp_path), WHEEL)


def with_file(one: Installation, name: str, text: str = "") -> Installation:
    (one.prefix / name).write_text(text)
    return one


class TestPackages:
    def test_of_pip(self, venv: Installation) -> None:
        assert venv.install("sdk>=2,<3") == f"{venv.python} -m pip install 'sdk>=2,<3'"
        assert venv.uninstall("sdk") == f"{venv.python} -m pip uninstall --yes sdk"

    def test_of_a_system_that_keeps_pip_out(self, venv: Installation) -> None:
        command = replace(venv, is_systems=True).install("sdk")
        assert command == f"{venv.python} -m pip install --break-system-packages sdk"

    @pytest.mark.parametrize("has_pip", [True, False])
    def test_of_pipx(self, venv: Installation, has_pip: bool) -> None:
        one = replace(with_file(venv, "pipx_metadata.json"), has_pip=has_pip)
        assert one.install("sdk>=2,<3") == "pipx inject --force it 'sdk>=2,<3'"
        assert one.uninstall("sdk") == "pipx uninject it sdk"

    @pytest.mark.parametrize("has_ensurepip", [True, False])
    def test_of_uv(self, venv: Installation, has_ensurepip: bool) -> None:
        uvs = with_file(venv, "pyvenv.cfg", "home = /usr/bin\nuv = 0.13.9\n")
        one = replace(uvs, has_pip=False, has_ensurepip=has_ensurepip)
        assert one.install("sdk") == f"uv pip install --python {venv.python} sdk"
        assert one.uninstall("sdk") == f"uv pip uninstall --python {venv.python} sdk"

    def test_of_uvx_which_keeps_nothing(self, tmp_path: Path) -> None:
        prefix = tmp_path / "uv/archive-v0/0prw6hNE"
        one = Installation(str(prefix / "bin/python"), prefix, "/bin", WHEEL, has_pip=False)
        assert one.install("sdk") == f"uvx --from '{WHEEL}' --with sdk agentos doctor"
        assert one.program == f"uvx --from '{WHEEL}' agentos"

    def test_of_nobody(self, venv: Installation) -> None:
        one = replace(venv, has_pip=False, has_ensurepip=True)
        python = venv.python
        assert one.install("sdk") == f"{python} -m ensurepip && {python} -m pip install sdk"


class TestProgram:
    def test_by_its_name_where_that_is_this_one(self, venv: Installation, tmp_path: Path) -> None:
        (tmp_path / "agentos").symlink_to(venv.prefix / "bin/agentos")
        assert venv.program == "agentos"

    def test_in_full_where_the_name_is_nobodys(self, venv: Installation) -> None:
        assert venv.program == str(venv.prefix / "bin/agentos")

    def test_in_full_where_the_name_is_somebody_elses(
        self, venv: Installation, tmp_path: Path
    ) -> None:
        (tmp_path / "agentos").write_text("#!/bin/sh\n")
        (tmp_path / "agentos").chmod(0o755)
        assert venv.program == str(venv.prefix / "bin/agentos")

    def test_as_a_module_where_there_is_no_command(self, venv: Installation) -> None:
        (venv.prefix / "bin/agentos").unlink()
        assert venv.program == f"{venv.python} -m agentos"


def test_what_is_typed_fits_the_environment_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert install_command("sdk>=2") == f"{quoted(sys.executable)} -m pip install 'sdk>=2'"
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert install_command("sdk>=2") == f"pipx inject --force {tmp_path.name} 'sdk>=2'"


def test_the_one_that_runs() -> None:
    one = this_installation(os.environ)
    assert one.has_pip
    assert Path(one.python).is_relative_to(one.prefix)
    assert Path(one.source).is_dir()  # installed from a checkout
