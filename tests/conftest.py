"""What every test gets: no state of the real user, and in CI no skipped test."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from agentos.core.paths import user_config_folder

hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")  # a red build is red again

# Under nohup, or behind `&` in a script, the programs that a test starts would ignore these: ours
# as promised (SIGHUP), others because they do not look.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FORBID_SKIPS = "AGENTOS_TESTS_FORBID_SKIPS"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every variable that names a place of the user's into a folder of the test's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for name in list(os.environ):
        ours = name.startswith("AGENTOS_") and name != FORBID_SKIPS
        ours |= name == "GITHUB_STEP_SUMMARY"  # which would get a page for each test in a CI
        ours |= name == "PYTHONUNBUFFERED"  # which hides what is left at an exit
        ours |= name in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}  # of the make that runs us
        if ours or name.lower().endswith(("_proxy", "_api_key", "_base_url")):
            monkeypatch.delenv(name)
    return home


@pytest.fixture
def environ(own_home: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(own_home / "config"), "PATH": "/bin:/usr/bin"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def user_config(environ: dict[str, str]) -> Callable[[str], None]:
    folder = user_config_folder(environ)

    def write(text: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(text)

    return write


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped a test where that is forbidden."""
    if not os.environ.get(FORBID_SKIPS):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    for report in skipped:
        print(f"\nSKIPPED but must run here: {report.nodeid}: {report.longrepr}")  # noqa: T201
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
