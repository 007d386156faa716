import subprocess

import pytest

from agentos.cli import main
from agentos.cli.completion import answer
from agentos.cli.completion.scripts import SCRIPTS


@pytest.mark.parametrize("shell", SCRIPTS)
def test_it_prints_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["completion", shell]) == 0
    assert capsys.readouterr().out == SCRIPTS[shell]
    assert answer.answered(main.agentos, f"{shell}_source", {}) == SCRIPTS[shell]


def test_a_bash_that_is_too_old_is_told_so() -> None:
    script = SCRIPTS["bash"].replace("404", "9904") + "\ncomplete -p agentos"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("agentos: its completion needs bash 4.4 or newer, this is ")
    assert "no completion specification" in done.stderr


def test_without_a_name_it_is_that_of_the_users_shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/usr/local/bin/fish")
    assert main.run(["completion"]) == 0
    assert capsys.readouterr().out == SCRIPTS["fish"]


@pytest.mark.parametrize("shell", ["", "/bin/tcsh"])
def test_of_another_shell_it_says_which_there_are(
    shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", shell)
    assert main.run(["completion"]) == 2
    error = capsys.readouterr().err
    assert f"SHELL is {shell}" in error or "SHELL is not set" in error
    assert "agentos completion bash, agentos completion zsh, agentos completion fish" in error
