"""What every test gets: no state of the real user, and in CI no skipped test."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")  # a red build is red again

# Under nohup every command that a test starts would ignore it, as promised, and not stop.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

FORBID_SKIPS = "AGENTOS_TESTS_FORBID_SKIPS"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every variable that names a place of the user's into a folder of the test's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    for name in list(os.environ):
        ours = name.startswith("AGENTOS_") and name != FORBID_SKIPS
        if ours or name.lower().endswith(("_proxy", "_api_key", "_base_url")):
            monkeypatch.delenv(name)
    return home


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
