"""How a command ends, seen from inside; what a shell sees is in tests/e2e."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentos import __version__
from agentos.cli import main
from agentos.core.errors import ConfigError


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out
    assert main.run(["--help"]) == 0
    text = capsys.readouterr().out
    assert "Exit codes:\n    0    every item approved" in text
    assert "\b" not in text


def test_an_error_of_the_tree_is_a_sentence_and_a_hint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise ConfigError("the setting is wrong", "set it\x1bright")

    monkeypatch.setattr(main.agentos, "main", refuse)

    assert main.run([]) == 2
    assert capsys.readouterr().err == "agentos: the setting is wrong\n  set it\\x1bright\n"


def in_a_process(source: str) -> "subprocess.CompletedProcess[bytes]":
    script = f"import sys\nfrom agentos.cli import main\n{source}\nsys.exit(main.run(['status']))\n"
    return subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)


def test_ctrl_c_outside_of_a_run_is_the_signal_itself() -> None:
    done = in_a_process(
        "from agentos.cli.commands.status import status\n"
        "def interrupted(*_, **__): raise KeyboardInterrupt\nstatus.invoke = interrupted"
    )
    assert done.returncode == -signal.SIGINT
    assert b"Traceback" not in done.stderr


def test_a_reader_that_left_is_no_traceback() -> None:
    done = in_a_process(
        "def gone(*_, **__): raise BrokenPipeError(32, '')\nmain.agentos.main = gone"
    )
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        ("MemoryError()", b"out of memory"),
        ('RuntimeError("can\'t start new thread")', b"can't start new thread"),
        ("OSError(24, 'Too many open files')", b"Too many open files"),
    ],
)
def test_a_machine_without_room_is_no_fault_of_our_own(error: str, lacks: bytes) -> None:
    done = in_a_process(f"def fail(*_, **__): raise {error}\nmain.agentos.main = fail")
    assert done.returncode == 1
    first, hint, *others = done.stderr.splitlines()
    assert first == b"agentos: this machine has no room for it now: " + lacks
    assert b"ulimit -a" in hint
    assert others == []


def test_any_other_error_of_the_same_type_is(tmp_path: Path) -> None:
    done = in_a_process(
        f"import os\nos.environ['XDG_STATE_HOME'] = {str(tmp_path)!r}\n"
        "def fail(*_, **__): raise RuntimeError('a fault')\nmain.agentos.main = fail"
    )
    assert done.returncode == 70
    assert b"an error of our own: RuntimeError" in done.stderr


def test_windows_is_told_about_wsl() -> None:
    source = "import os\nimport agentos.__main__ as program\nos.name = 'nt'\nprogram.main()\n"
    done = subprocess.run([sys.executable, "-c", source], check=False, capture_output=True)
    assert done.returncode == 2
    assert b"WSL" in done.stderr


def test_nothing_is_imported_before_the_handler() -> None:
    source = (
        "import sys, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "import agentos.__main__ as program\n"
        "sys.modules['agentos.cli.main'] = None\n"
        "try:\n    program.main()\nexcept ImportError:\n"
        "    print(signal.getsignal(signal.SIGINT) is signal.SIG_DFL, 'click' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], check=True, capture_output=True)
    assert done.stdout == b"True False\n"
