"""What the command meets around it: permissions, a full console, refused keys, its own faults."""

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import Workspace, wait_until
from faults import patched
from nobody import AS_NOBODY, needs_setpriv, without_coverage

from agentos.core.systems import LINUX

AGENTOS = (sys.executable, "-m", "agentos")

on_linux = pytest.mark.skipif(not LINUX, reason="/dev/full is Linux's")


@needs_setpriv
@pytest.mark.parametrize("command", [("parallel", "lld", "57"), ("lld", "57")])
def test_a_read_only_state_folder(shelf: Workspace, command: tuple[str, ...]) -> None:
    shelf.run("lld", "42")
    before = sorted(shelf.root.rglob("*"))

    result = subprocess.run(
        [*AS_NOBODY, sys.executable, "-m", "agentos", *command, "--project", str(shelf.root)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=without_coverage(),
    )

    assert result.returncode == 2, result
    assert ".agentos cannot be written: it is read-only for you" in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(shelf.root.rglob("*")) == before


def test_the_real_home_is_untouched(shelf: Workspace, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shelf.keep_issues("042")

    for arguments in (("parallel", "lld", "--all"), ("status",), ("lld", "42")):
        assert shelf.run(*arguments, HOME=str(home))[0] == 0

    assert list(home.iterdir()) == []


def test_a_file_that_may_not_grow_as_stdout(shelf: Workspace, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *AGENTOS, "status"],
            cwd=shelf.root,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=without_coverage(),
        )
    assert done.returncode == 1, done.stderr
    assert done.stderr == "agentos: stdout takes no more output: File too large\n"


def test_a_folder_whose_name_is_no_utf_8(shelf: Workspace) -> None:
    root = shelf.root.with_name(os.fsdecode(b"caf\xe9"))
    try:
        shelf.root.rename(root)
    except OSError:
        pytest.skip("this disk takes no such names")
    shelf.root = root
    shelf.keep_issues("042", "057", "101")

    code, output = shelf.run("parallel", "lld", "--all", "-j", "3")

    assert code == 0, output
    assert "3 approved" in output
    assert "documents: " in output
    assert "caf\\xe9/docs/lld/active" in output or "caf\\udce9/docs/lld/active" in output


def test_no_umask_keeps_from_us_what_is_ours(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    done = subprocess.run(
        ["/bin/sh", "-c", 'umask 777; exec "$@"', "sh", *AGENTOS, "parallel", "lld", "--all"],
        cwd=shelf.root,
        check=False,
    )
    assert done.returncode == 0
    written = [shelf.root / "docs", *(shelf.root / "docs").rglob("*")]
    written += [shelf.root / ".agentos", *(shelf.root / ".agentos").rglob("*")]
    modes = {path: path.stat().st_mode & 0o777 for path in written}
    assert set(modes.values()) == {0o700, 0o600}, modes


def test_agentos_home_takes_all_state(shelf: Workspace, tmp_path: Path) -> None:
    shelf.keep_issues("042")

    code, _ = shelf.run("parallel", "lld", "--all", AGENTOS_HOME=str(tmp_path / "home"))

    assert code == 0
    assert not (shelf.root / ".agentos").exists()
    [project] = (tmp_path / "home/projects").iterdir()
    assert (project / "logs/parallel").is_dir()


def test_refused_keys_end_the_run_with_4_and_everything_is_resumable(
    shelf: Workspace, tmp_path: Path
) -> None:
    refuse = (
        "import sys\n"
        "if 'agentos.child' in sys.orig_argv:\n"
        "    import agentos.models.embedded as embedded\n"
        "    from agentos.core.calls import Refusal, RefusalKind\n"
        "    embedded.EmbeddedModel.complete = lambda self, request, secret: (\n"
        "        Refusal(RefusalKind.CREDENTIAL, f'the key {secret} is not valid'))\n"
    )
    secret = secrets.token_hex(16)
    shelf.keep_issues("042", "057", "088")

    code, output = shelf.run(
        "parallel",
        "lld",
        "--all",
        AGENTOS_CREDENTIALS="only:KEY",
        KEY=secret,
        PYTHONPATH=patched(tmp_path, refuse),
    )

    assert code == 4, output
    assert secret not in output
    assert "Credential only is closed for good" in output
    assert "3 interrupted (LLD-42, LLD-57, LLD-88)" in output
    assert shelf.run("parallel", "lld", "--all")[0] == 0
    shelf.assert_no_step_ran_twice()


def test_an_error_of_our_own_is_told_in_one_line_and_reported_in_a_file(
    shelf: Workspace, own_home: Path, tmp_path: Path
) -> None:
    secret = secrets.token_hex(16)
    fault = (
        "import agentos.workspace.survey as survey\n"
        "def broken(*_):\n"
        f"    raise ZeroDivisionError('near {secret}')\n"
        "survey.read_index = broken\n"
    )

    code, output = shelf.run(
        "status",
        PYTHONPATH=patched(tmp_path, fault),
        AGENTOS_CREDENTIALS="only:KEY",
        KEY=secret,
    )

    assert code == 70
    assert "an error of our own" in output
    assert "Traceback" not in output
    assert secret not in output
    [report] = (own_home / "state/agentos").glob("agentos-crash-*.txt")
    assert str(report) in output
    assert "ZeroDivisionError" in report.read_text()
    assert secret not in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_the_same_program_as_a_module_and_as_a_command(shelf: Workspace) -> None:
    command = shutil.which("agentos", path=str(Path(sys.executable).parent))
    assert command is not None
    outputs = {
        subprocess.run([*words, "--version"], capture_output=True, check=True).stdout
        for words in ([command], [sys.executable, "-m", "agentos"])
    }
    assert len(outputs) == 1


def test_a_locale_without_the_letters(shelf: Workspace) -> None:
    code, output = shelf.run("status", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert code == 0
    assert "Statistics" in output


def test_without_a_home_folder(shelf: Workspace) -> None:
    code, output = shelf.run("parallel", "lld", "--all", AGENTOS_HOME="~nobody-of-this-name/state")
    assert code == 2
    assert "there is no home folder for ~nobody-of-this-name" in output


def test_a_temporary_folder_that_cannot_be_used_is_told_before_anything_is_written(
    shelf: Workspace,
) -> None:
    code, output = shelf.run("parallel", "lld", "--all", TMPDIR=str(shelf.root / "missing"))
    assert code == 2
    assert "TMPDIR" in output
    assert not (shelf.root / ".agentos").exists()


def test_a_child_stopped_by_somebody_else_is_interrupted_alone(shelf: Workspace) -> None:
    shelf.keep_issues("042", "057")
    running = shelf.start("parallel", "lld", "--all", AGENTOS_EMBEDDED_LATENCY="2")
    wait_until(lambda: "draft" in shelf.steps("step_started").get("LLD-42", ()), "LLD-42 drafts")
    victim = next(c for c in running.children() if "_42.db" in c.environ()["AGENTOS_WORKFLOW_DB"])
    victim.terminate()

    code, output = running.finish()

    assert code == 1, output
    assert "1 approved, 1 interrupted (LLD-42)" in output


def test_a_stranger_in_the_working_directory_is_not_imported(shelf: Workspace) -> None:
    (shelf.root / "json.py").write_text("raise SystemExit('a stranger')\n")
    done = subprocess.run(
        [sys.executable, "-m", "agentos", "status"],
        cwd=shelf.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "LLD-42" in done.stdout
