"""Keys stored, used, tried and removed with the installed command, on terminals and in pipes."""

import os
import stat
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from command import Workspace, wait_until
from keyrings import SHARED, SHARED_FILE
from loopback import user_config
from shells import PROMPT, Shell
from stored_credentials import KEY, entries
from terminal import END_OF_INPUT, Terminal

from agentos.testing import Asked, LoopbackServer, Reply, Say, Stall, author, refusals

LIB = Path(__file__).parents[1] / "lib"
ASKED = "Key of team (it is not shown): "
ADD = ("credentials", "add", "team", "--provider", "openai")
RUN = ("parallel", "lld", "--all", "--drafter", "openai/x")


@pytest.fixture
def file(own_home: Path) -> Path:
    return own_home / "config" / "agentos" / "credentials.toml"


@pytest.fixture
def with_keyring(tmp_path: Path) -> dict[str, str]:
    """Variables with which every process has the same keyring."""
    return {
        "PYTHONPATH": str(LIB),
        "PYTHON_KEYRING_BACKEND": SHARED,
        SHARED_FILE: str(tmp_path / "keyring"),
    }


def agentos(*arguments: str, stdin: str = "", **environ: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "agentos", *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | environ,
    )
    assert KEY not in done.stdout
    return done.returncode, done.stdout


def echoes(terminal: Terminal) -> bool:
    flags: int = termios.tcgetattr(terminal._master)[3]
    return bool(flags & termios.ECHO)


def told_of_processes() -> Iterator[str]:
    """The command line and the environment of all that run."""
    for process in psutil.process_iter():
        try:
            yield repr((process.cmdline(), process.environ()))
        except psutil.Error:
            continue


def files_with(secret: str, *folders: Path) -> list[Path]:
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]


class TestAtATerminal:
    def test_a_key_is_seen_by_nobody(self, file: Path, own_home: Path, tmp_path: Path) -> None:
        with Terminal(ADD, tmp_path) as terminal:
            terminal.wait_for(ASKED)
            wait_until(lambda: not echoes(terminal), "the terminal shows no more")
            terminal.type(KEY)
            shown = list(told_of_processes())
            assert any("credentials" in text for text in shown)
            assert not [text for text in shown if KEY in text]
            terminal.type("\r")
            assert terminal.finish() == 0
            assert KEY not in terminal.screen
            assert f"Stored team, for openai, in {file} (mode 600)" in terminal.screen
            assert "agentos credentials test team --model openai/NAME" in terminal.screen
            assert echoes(terminal)
        assert entries(file)[0]["secret"] == KEY
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert files_with(KEY, own_home, tmp_path) == [file]

    def test_no_shell_remembers_it(self, file: Path, tmp_path: Path) -> None:
        history = tmp_path / "history"
        environ = os.environ | {"PS1": PROMPT, "HISTFILE": str(history), "TERM": "dumb"}
        with Shell(["bash", "--norc", "--noprofile", "-i"], environ, tmp_path) as shell:
            shell._type(f"{sys.executable} -m agentos {' '.join(ADD)}\r")
            shell.wait_until(lambda: ASKED in shell.screen)
            shell._type(f"{KEY}\r")
            shell.wait_until(lambda: "Try it: " in shell.screen)
            shell._type("history -w\r")
            shell.wait_until(lambda: history.exists() and "history -w" in history.read_text())
            assert KEY not in shell.screen
        assert "credentials add team" in history.read_text()
        assert files_with(KEY, tmp_path) == []
        assert entries(file)[0]["secret"] == KEY

    def test_ctrl_c_stores_nothing(self, own_home: Path, tmp_path: Path) -> None:
        with Terminal(ADD, tmp_path) as terminal:
            terminal.wait_for(ASKED)
            terminal.type(KEY)
            terminal.interrupt()
            assert terminal.finish() == 130
            assert echoes(terminal)
            assert KEY not in terminal.screen
        assert not (own_home / "config").exists()

    def test_the_end_of_input_stores_nothing(self, own_home: Path, tmp_path: Path) -> None:
        with Terminal(ADD, tmp_path) as terminal:
            terminal.wait_for(ASKED)
            terminal.type(END_OF_INPUT)
            assert terminal.finish() == 2
            assert "no key was given\n  nothing is stored" in terminal.screen
        assert not (own_home / "config").exists()

    def test_bytes_that_are_no_text_are_no_key(self, file: Path, tmp_path: Path) -> None:
        with Terminal(ADD, tmp_path, {"LC_ALL": "C.UTF-8"}) as terminal:
            terminal.wait_for(ASKED)
            os.write(terminal._master, KEY.encode() + b"\xff\r")
            assert terminal.finish() == 2
            assert "what was typed cannot be read" in terminal.screen
            assert KEY not in terminal.screen
        assert not file.exists()

    def test_whose_key_it_is_is_asked_until_that_is_known(self, file: Path, tmp_path: Path) -> None:
        question = "Whose key is team? One of anthropic, gemini, openai, command/NAME: "
        with Terminal(ADD[:3], tmp_path) as terminal:
            terminal.answer(question, "opnai")
            terminal.wait_for("is openai meant?")
            terminal.wait_for(question, times=2)
            terminal.type("openai\r")
            terminal.answer(ASKED, KEY)
            assert terminal.finish() == 0
        assert entries(file) == [{"name": "team", "provider": "openai", "secret": KEY}]

    def test_bytes_that_are_no_text_are_no_provider(self, file: Path, tmp_path: Path) -> None:
        with Terminal(ADD[:3], tmp_path, {"LC_ALL": "C.UTF-8"}) as terminal:
            terminal.wait_for("Whose key is team?")
            os.write(terminal._master, b"open\xffai\r")
            terminal.wait_for("Whose key is team?", times=2)
            terminal.type(END_OF_INPUT)
            assert terminal.finish() == 2
        assert not file.exists()

    def test_without_an_answer_nothing_is_stored(self, file: Path, tmp_path: Path) -> None:
        with Terminal(ADD[:3], tmp_path) as terminal:
            terminal.wait_for("Whose key is team?")
            terminal.type(END_OF_INPUT)
            assert terminal.finish() == 2
            assert "it is not known whose key team is" in terminal.screen
        assert not file.exists()

    def test_one_that_would_show_the_key_is_refused(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "import termios\n"
            "def tcsetattr(*_): raise termios.error(25, 'not a typewriter')\n"
            "termios.tcsetattr = tcsetattr\n"
        )
        with Terminal(ADD, tmp_path, {"PYTHONPATH": str(tmp_path)}) as terminal:
            assert terminal.finish() == 2
            assert "this terminal would show what is typed" in terminal.screen
            assert ASKED not in terminal.screen
        assert not file.exists()


class TestTheFile:
    def test_it_is_closed_from_the_first_byte_and_refused_once_it_is_open(
        self, shelf: Workspace, file: Path
    ) -> None:
        before = os.umask(0)
        try:
            code, output = agentos(*ADD, stdin=KEY)
        finally:
            os.umask(before)
        assert code == 0, output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

        file.chmod(0o644)
        told = f"agentos: {file} holds a secret and is open to other users\n"
        dry_run = ("parallel", "lld", "42", "--dry-run")
        code, output = shelf.run(*dry_run)
        assert code == 2
        assert told in output
        assert agentos("credentials", "add", "more", "--provider", "openai", stdin=KEY)[0] == 2

        command = output.partition("type: ")[2]
        subprocess.run(command, shell=True, check=True)
        assert shelf.run(*dry_run)[0] == 0
        assert agentos("credentials", "add", "more", "--provider", "openai", stdin=KEY)[0] == 0

    def test_many_may_add_at_once(self, file: Path) -> None:
        names = [f"key-{number}" for number in range(6)]
        adding = [
            subprocess.Popen(
                [sys.executable, "-m", "agentos", "credentials", "add", name, *ADD[3:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            for name in names
        ]
        for process in adding:
            assert process.stdin is not None
            process.stdin.write(KEY.encode())
            process.stdin.close()
        assert [process.wait(60) for process in adding] == [0] * len(names)
        assert sorted(str(entry["name"]) for entry in entries(file)) == names
        assert os.listdir(file.parent) == [file.name]


class TestTheKeyring:
    def test_a_whole_run_uses_its_key(
        self,
        shelf: Workspace,
        file: Path,
        own_home: Path,
        with_keyring: dict[str, str],
    ) -> None:
        shelf.keep_issues("042", "057")
        code, output = agentos(*ADD, stdin=KEY, **with_keyring)
        assert code == 0, output
        assert "in the system's keyring (Shared), and listed in" in output
        assert entries(file) == [{"name": "team", "provider": "openai", "keyring": True}]
        assert "ready" in agentos("credentials", "list", **with_keyring)[1]

        with LoopbackServer(author) as server:
            running = shelf.start(
                *("parallel", "lld", "--all", "--drafter", "openai/x"),
                OPENAI_BASE_URL=server.base_url("openai"),
                COPY_OF_IT=f"Bearer {KEY}",
                **with_keyring,
            )
            children = running.wait_for_children(1)
            shown = [repr((child.cmdline(), child.environ())) for child in children]
            code, output = running.finish()
        assert code == 0, output
        assert {exchange.asked.secret for exchange in server.exchanges} == {KEY}
        assert not [text for text in [*shown, output] if KEY in text]
        assert files_with(KEY, own_home, shelf.root, shelf.scratch) == []

        code, output = agentos("credentials", "remove", "team", **with_keyring)
        assert code == 0, output
        assert entries(file) == []
        assert agentos(*ADD, "--env", "TEAM", **with_keyring)[0] == 0

    def test_one_that_stays_locked_stops_a_run_before_it_begins(
        self, shelf: Workspace, tmp_path: Path, with_keyring: dict[str, str]
    ) -> None:
        agentos(*ADD, stdin=KEY, **with_keyring)
        (tmp_path / "keyring.locked").touch()
        code, output = shelf.run(*RUN, **with_keyring)
        assert code == 2
        assert "(team): the system's keyring cannot be read (KeyringLocked)" in output
        assert "--env VARIABLE --replace" in output
        assert not (shelf.root / ".agentos").exists()
        assert "cannot be read (KeyringLocked)" in agentos("credentials", "list", **with_keyring)[1]

    def test_one_that_stays_locked_stops_no_run_that_needs_no_key_of_it(
        self, shelf: Workspace, tmp_path: Path, with_keyring: dict[str, str]
    ) -> None:
        agentos(*ADD, stdin=KEY, **with_keyring)
        (tmp_path / "keyring.locked").touch()
        shelf.keep_issues("042")
        code, output = shelf.run("parallel", "lld", "--all", **with_keyring)
        assert (code, "1 approved" in output) == (0, True), output

    def test_a_run_elsewhere_has_none(self, shelf: Workspace, with_keyring: dict[str, str]) -> None:
        agentos(*ADD, stdin=KEY, **with_keyring)
        code, output = shelf.run(*RUN)
        assert code == 2
        assert "(team): this system has no keyring that could be used" in output


REFUSALS: dict[str, Reply] = {
    "bad": refusals.bad_key(),
    "spent": refusals.insufficient_quota(),
    "limited": refusals.rate_limited(retry_after=41),
}


def answering(asked: Asked) -> Reply:
    """What a provider says to the key that ends with a word."""
    return REFUSALS.get((asked.secret or "").rpartition("-")[2], Say("yes", 20, 1))


class TestTrying:
    @pytest.mark.parametrize("vendor", ["anthropic", "gemini", "openai"])
    def test_it_is_said_what_the_provider_answered(
        self, vendor: str, file: Path, own_home: Path, tmp_path: Path
    ) -> None:
        words = ("good", "bad", "spent", "limited")
        keys = {word: f"{KEY}-{word}" for word in words}
        file.parent.mkdir(parents=True)
        file.write_text(
            "".join(
                f'[[credential]]\nname = "{word}"\nprovider = "{vendor}"\nsecret = "{key}"\n'
                for word, key in keys.items()
            )
        )
        file.chmod(0o600)
        with LoopbackServer(answering) as server:
            address = server.base_url(vendor)
            user_config(own_home, f'[providers.{vendor}]\nbase_url = "{address}"\n')
            code, output = agentos("credentials", "test", "--model", f"{vendor}/x")
            assert code == 1, output
            good, bad, spent, limited = output.splitlines()
            assert good == f"good: works: {vendor}/x answered (20 + 1 tokens)"
            assert bad.startswith("bad: wrong key: HTTP 40")
            assert bad.endswith("agentos credentials add bad --replace")
            assert spent.startswith("spent: spent: HTTP 4")
            assert "no credit left" in spent
            assert limited.startswith("limited: works, but is rate-limited: it has to rest for ")
            assert (
                agentos("credentials", "test", "good", "limited", "--model", f"{vendor}/x")[0] == 0
            )
        asked = [exchange.asked for exchange in server.exchanges]
        assert [one.secret for one in asked] == [*keys.values(), keys["good"], keys["limited"]]
        assert files_with(KEY, own_home, tmp_path) == [file]

    def test_ctrl_c_ends_it_at_once(self, tmp_path: Path) -> None:
        agentos(*ADD, stdin=KEY)
        command = ("credentials", "test", "team", "--model", "openai/x")
        with LoopbackServer(lambda _asked: Stall(after_chunks=None)) as server:
            address = {"OPENAI_BASE_URL": server.base_url("openai")}
            with Terminal(command, tmp_path, address) as terminal:
                wait_until(lambda: server.exchanges, "it has asked")
                terminal.interrupt()
                assert terminal.finish() == 130

    def test_an_address_where_nobody_is_is_told(self) -> None:
        agentos(*ADD, stdin=KEY)
        code, output = agentos(
            *("credentials", "test", "team", "--model", "openai/x"),
            OPENAI_BASE_URL="http://127.0.0.1:9/v1",
        )
        assert code == 1
        assert output.startswith("team: unreachable: No connection to 127.0.0.1")
