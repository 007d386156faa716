"""Tab does no harm: it says nothing, writes nothing, waits for nothing, and imports little."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentos.cli.completion.scripts import BEFORE, INSTRUCTION, LINE


def ask(folder: Path, before: str, **environ: str) -> "subprocess.CompletedProcess[bytes]":
    """The installed command, asked as by bash."""
    return subprocess.run(
        [sys.executable, "-m", "agentos"],
        env=os.environ | {INSTRUCTION: "bash_complete", BEFORE: before, LINE: before} | environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def everything_in(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


class TestHarmlessness:
    @pytest.mark.parametrize("instruction", ["bash_complete", "nosuchshell_complete", "fish", "x"])
    def test_nothing_is_told_of_a_broken_project(
        self, backlog: Path, own_home: Path, instruction: str
    ) -> None:
        (backlog / "issues/0042-again.md").write_text("# The same number\n")
        (backlog / "ideas/active").rename(backlog / "elsewhere")
        (backlog / "ideas/active").symlink_to(backlog / "elsewhere")
        os.mkfifo(backlog / "agentos.toml")
        before = everything_in(own_home.parent)
        for line in ("agentos lld ", "agentos issue ", "agentos lld --project /dev/null/x "):
            done = ask(backlog, line, **{INSTRUCTION: instruction})
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert everything_in(own_home.parent) == before

    def test_a_line_that_nobody_understands(self, backlog: Path) -> None:
        for line in ("", "'", "agentos \udcff 'x", "agentos lld --grace nonsense -- 'a\nb"):
            done = ask(backlog, line)
            assert (done.returncode, done.stderr) == (0, b"")

    def test_a_disk_that_does_not_answer_is_not_waited_for(self, backlog: Path) -> None:
        script = (
            "import os, time\n"
            "from agentos.cli import main\n"
            "from agentos.cli.completion import answer, items\n"
            "answer.PATIENCE = 0.2\n"
            "items.completed = lambda *_: time.sleep(600)\n"
            "main.run([])\n"
        )
        environ = os.environ | {
            INSTRUCTION: "bash_complete",
            BEFORE: "agentos lld ",
            LINE: "agentos lld ",
        }
        done = subprocess.run([sys.executable, "-c", script], env=environ, check=False, timeout=60)
        assert done.returncode == 0

    def test_a_shell_that_has_left(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "-m", "agentos"],
            env=os.environ | {INSTRUCTION: "fish_complete", BEFORE: "agentos ", LINE: "agentos "},
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (0, b"")


class TestImports:
    HEAVY = ("rich", "agentos.cli.batch", "agentos.workflows", "agentos.models", "psutil", "yaml")

    @pytest.mark.parametrize(
        "before", ["agentos par", "agentos parallel l", "agentos config s", "agentos -", "agentos "]
    )
    def test_a_command_name_needs_little(self, before: str) -> None:
        done = ask(Path("/"), before, PYTHONPROFILEIMPORTTIME="1")
        assert done.stdout
        assert self.heavy_in(done.stderr) == []

    def test_nor_does_the_version(self) -> None:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "agentos", "--version"],
            capture_output=True,
            check=True,
        )
        assert done.stdout.startswith(b"agentos, version")
        assert self.heavy_in(done.stderr) == []

    def heavy_in(self, log: bytes) -> list[str]:
        names = {line.rpartition("|")[2].strip() for line in log.decode().splitlines()}
        assert "agentos.cli.main" in names
        return [
            name for name in names if any(f"{name}.".startswith(f"{one}.") for one in self.HEAVY)
        ]
