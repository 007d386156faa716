import os
import sys
from pathlib import Path

import pytest
from command import Agentos
from stored_credentials import KEY, OTHER

from agentos.cli import main
from agentos.cli.credentials import testing
from agentos.workspace.credential_trial import Result, Trial, Verdict


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Verdict | Exception]:
    """What a call with the credential of a name ends with."""
    found: dict[str, Verdict | Exception] = {}

    def make(trial: Trial, environ: object) -> Verdict:
        end = found[trial.entry.name]
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(Trial, "make", make)
    return found


@pytest.fixture(autouse=True)
def _two(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(
        f'[[credential]]\nname = "a"\nprovider = "openai"\nsecret = "{KEY}"\n'
        f'[[credential]]\nname = "b"\nprovider = "openai"\nsecret = "{OTHER}"\n'
    )
    file.chmod(0o600)


WORKS = Verdict(Result.WORKS, "works")
LIMITED = Verdict(Result.LIMITED, "works, but is rate-limited")
FAILS = Verdict(Result.FAILS, "wrong key")
UNTRIED = Verdict(Result.UNTRIED, "a package is missing")


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        (WORKS, WORKS, 0),
        (WORKS, LIMITED, 0),
        (WORKS, FAILS, 1),
        (WORKS, UNTRIED, 1),
        (UNTRIED, UNTRIED, 2),
        (UNTRIED, FAILS, 1),
    ],
)
def test_the_exit_code_tells_whether_every_key_works(
    credentials: Agentos,
    answers: dict[str, Verdict | Exception],
    a: Verdict,
    b: Verdict,
    code: int,
) -> None:
    answers |= {"a": a, "b": b}
    assert credentials("test", "--model", "openai/x") == (code, f"a: {a.text}\nb: {b.text}\n")


def test_only_those_that_are_named_are_tried(
    credentials: Agentos, answers: dict[str, Verdict | Exception]
) -> None:
    answers |= {"b": WORKS}
    assert credentials("test", "b", "b", "--model", "openai/x") == (0, "b: works\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "aa"], "there is no credential aa"),
        (["a", "--model", "gemini/x"], "a is no key for gemini"),
        (["--model", "gemini/x"], "no credential names gemini"),
        (["--model", "opnai/x"], "is openai meant?"),
        (["--model", "openai"], "names a provider and no model"),
    ],
)
def test_what_cannot_be_tried_is_told(
    credentials: Agentos, arguments: list[str], said: str
) -> None:
    code, output = credentials("test", *arguments)
    assert code == 2
    assert said in output


def test_nothing_to_try_is_told(credentials: Agentos, file: Path) -> None:
    file.unlink()
    code, output = credentials("test")
    assert code == 2
    assert "there is no credential to test" in output


def test_without_a_model_it_is_said_how_to_name_one(credentials: Agentos) -> None:
    code, output = credentials("test")
    assert code == 2
    assert "a: no model of openai is chosen; name one: --model openai/NAME" in output


def test_a_project_that_is_not_trusted_does_not_count(
    credentials: Agentos, project: Path, answers: dict[str, Verdict | Exception]
) -> None:
    answers |= {"a": WORKS, "b": WORKS}
    (project / "agentos.toml").write_text(
        'drafter = "openai/x"\n[providers.openai]\nbase_url = "http://evil.example"\n'
    )
    code, output = credentials("test")
    assert code == 2
    assert "The project is not trusted, so what it sets does not count here" in output
    assert "no model of openai is chosen" in output
    main.run(["config", "trust"])
    assert credentials("test")[0] == 0


def test_an_error_of_our_own_in_a_call_is_one(
    credentials: Agentos, answers: dict[str, Verdict | Exception]
) -> None:
    answers |= {"a": RuntimeError(KEY)}
    code, output = credentials("test", "a", "--model", "openai/x")
    assert code == 70
    report = Path(output.rpartition("this file: ")[2].strip())
    assert KEY not in report.read_text()
    assert "RuntimeError: ***" in report.read_text()


def test_a_call_that_nothing_ends_is_not_waited_for(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trial, "make", lambda _trial, _environ: sys.exit(1))
    monkeypatch.setattr(testing, "_PATIENCE", 0.0)
    monkeypatch.setattr(testing, "_call", lambda make, put: None)
    code, output = credentials("test", "a", "--model", "openai/x")
    assert (code, output) == (1, "a: no answer within 0 s\n")


def test_no_key_is_in_the_environment_of_a_call_and_all_are_after_it(
    credentials: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[dict[str, str]]()

    def make(_trial: Trial, environ: dict[str, str]) -> Verdict:
        seen.extend(({**os.environ}, {**environ}))
        return WORKS

    monkeypatch.setattr(Trial, "make", make)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("COPY", f"Bearer {OTHER}")
    monkeypatch.setenv("OPENAI_LOG", "debug")
    assert credentials("test", "a", "--model", "openai/x")[0] == 0
    for environ in seen:
        assert not {"OPENAI_API_KEY", "COPY", "OPENAI_LOG"} & environ.keys()
    assert os.environ["OPENAI_API_KEY"] == KEY
