from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agentos.core.calls import (
    NO_HINT,
    Answer,
    LimitHint,
    Refusal,
    RefusalCode,
    RefusalKind,
    Request,
    Usage,
)
from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credentials import no_keyring
from agentos.core.errors import ConfigError
from agentos.core.installation import install_command
from agentos.core.model_settings import ModelSettings
from agentos.workspace import credential_trial
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.credential_trial import LONGEST, Result, Trial, Verdict, prepare

KEY = "sk-made-up-0000000000"
STORED = CredentialEntry("team", "here", "openai", secret=KEY)
OF_VARIABLE = CredentialEntry("ci", "here", "openai", variable="CI", origin=Origin.ENVIRONMENT)


@pytest.fixture
def layers(project: Path, environ: dict[str, str]) -> Layers:
    return read_layers(project, environ, {"drafter": "openai/x"})


class Answering:
    """A model that says what it is told to, whatever it is asked."""

    name = provider = "openai"

    def __init__(self, result: Answer | Refusal) -> None:
        self.result = result
        self.asked: list[tuple[Request, str | None]] = []

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        self.asked.append((request, secret))
        return self.result


@pytest.fixture
def tried(
    layers: Layers, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Verdict]:
    def run(result: Answer | Refusal, entry: CredentialEntry = STORED) -> Verdict:
        model = Answering(result)
        settings: list[ModelSettings] = []

        def load(wanted: ModelSettings, _environ: Mapping[str, str]) -> Answering:
            settings.append(wanted)
            return model

        monkeypatch.setattr(credential_trial, "load_model", load)
        trial = prepare(entry, layers, environ | {"CI": KEY}, no_keyring)
        assert isinstance(trial, Trial)
        assert KEY not in repr(trial)
        verdict = trial.make(environ)
        assert KEY not in verdict.text
        assert [one.max_output_tokens for one in settings] == [16]
        assert settings[0].time_limits.total == LONGEST
        [(request, secret)] = model.asked
        assert len(request.template.splitlines()) == 1
        assert secret == KEY
        return verdict

    return run


def refusal(kind: RefusalKind, code: str, hint: LimitHint = NO_HINT) -> Refusal:
    return Refusal(kind, "what it says", hint, code)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("yes", "x", Usage(12, 3)), "works: openai answered (12 + 3 tokens)"),
        (Answer("yes", "x", None), "works: openai answered"),
        (Answer("", "x", Usage(9, 16), truncated=True), "works: openai answered (9 + 16 tokens)"),
        (refusal(RefusalKind.EMPTY, "empty"), "works: openai answered nothing"),
    ],
)
def test_a_key_that_gets_an_answer_works(
    tried: Callable[..., Verdict], answer: Answer | Refusal, said: str
) -> None:
    assert tried(answer) == Verdict(Result.WORKS, said)


@pytest.mark.parametrize(("hint", "time"), [(LimitHint(7.2), "8 s"), (NO_HINT, "a while")])
def test_a_key_whose_quota_rests_works_but_not_now(
    tried: Callable[..., Verdict], hint: LimitHint, time: str
) -> None:
    said = f"works, but is rate-limited: it has to rest for {time}"
    answer = refusal(RefusalKind.RATE_LIMITED, "rate_limit_exceeded", hint)
    assert tried(answer) == Verdict(Result.LIMITED, said)


@pytest.mark.parametrize(
    ("kind", "code", "heading"),
    [
        (RefusalKind.ACCOUNT, "insufficient_quota", "spent"),
        (RefusalKind.DAILY_QUOTA, "rate_limit_exceeded", "spent"),
        (RefusalKind.REQUEST, "model_not_found", "unknown model"),
        (RefusalKind.REQUEST, "NOT_FOUND", "unknown model"),
        (RefusalKind.REQUEST, "http_404", "unknown model"),
        (RefusalKind.REQUEST, "invalid_request_error", "refused"),
        (RefusalKind.REQUEST, RefusalCode.TLS, "unreachable"),
        (RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE, "unreachable"),
        (RefusalKind.TRANSIENT, RefusalCode.STALLED, "no answer"),
        (RefusalKind.OVERLOADED, "http_503", "not known"),
    ],
)
def test_what_a_refusal_means_is_told_before_what_the_provider_says(
    tried: Callable[..., Verdict], kind: RefusalKind, code: str, heading: str
) -> None:
    assert tried(refusal(kind, code)) == Verdict(Result.FAILS, f"{heading}: what it says")


@pytest.mark.parametrize("code", ["invalid_api_key", "permission_error", "http_401", "http_403"])
def test_a_wrong_key_that_is_stored_can_be_replaced(
    tried: Callable[..., Verdict], code: str
) -> None:
    wrong = refusal(RefusalKind.CREDENTIAL, code)
    assert tried(wrong).text == (
        "wrong key: what it says Put another in its place: agentos credentials add team --replace"
    )
    assert tried(wrong, OF_VARIABLE).text == "wrong key: what it says"


def test_what_a_provider_says_is_masked_printable_and_short(
    tried: Callable[..., Verdict],
) -> None:
    text = f"\x1b[2Jyour key {KEY} " + "x" * 1000
    said = tried(Refusal(RefusalKind.REQUEST, text, code="x")).text
    assert said.startswith("refused: \\x1b[2Jyour key *** xxx")
    assert len(said) == 300


def test_an_adapter_that_finds_a_fault_is_told(
    layers: Layers, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_settings: ModelSettings, _environ: Mapping[str, str]) -> None:
        raise ConfigError("a setting is wrong", "mend it")

    trial = prepare(STORED, layers, environ, no_keyring)
    assert isinstance(trial, Trial)
    monkeypatch.setattr(credential_trial, "load_model", load)
    assert trial.make(environ) == Verdict(Result.UNTRIED, "a setting is wrong; mend it")


@pytest.mark.parametrize(
    ("entry", "result", "said"),
    [
        (CredentialEntry("a", "here", secret=KEY), Result.WORKS, "no call is needed"),
        (CredentialEntry("a", "here", "embedded", secret=KEY), Result.WORKS, "serves embedded"),
        (CredentialEntry("a", "here", "opnai", secret=KEY), Result.FAILS, "is called opnai"),
        (
            OF_VARIABLE,
            Result.FAILS,
            "the variable CI is not set or empty; set it, or take ci out of",
        ),
        (
            CredentialEntry("a", "here", "openai", in_keyring=True),
            Result.FAILS,
            "has no key of that name; store the key: agentos credentials add a --replace",
        ),
        (
            CredentialEntry("a", "here", "gemini", secret=KEY),
            Result.UNTRIED,
            "no model of gemini is chosen; name one: --model gemini/NAME",
        ),
        (
            CredentialEntry("a", "here", "openai", secret=f"Bearer {KEY}"),
            Result.FAILS,
            "the secret holds a space, a line break or a letter that no key has; copy the key",
        ),
    ],
)
def test_without_a_call_it_is_said_why(
    layers: Layers, environ: dict[str, str], entry: CredentialEntry, result: Result, said: str
) -> None:
    verdict = prepare(entry, layers, environ, no_keyring)
    assert isinstance(verdict, Verdict)
    assert verdict.result is result
    assert said in verdict.text
    assert KEY not in verdict.text


def test_without_its_package_nothing_is_asked(
    layers: Layers, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentos.models.catalog.missing_package", lambda one: one.requirement)
    how = install_command("openai>=3,<4")
    said = f"needs a package that is missing or of another version; type: {how}"
    verdict = prepare(STORED, layers, environ, no_keyring)
    assert verdict == Verdict(Result.UNTRIED, f"openai {said}")
    assert prepare(STORED, layers, environ, no_keyring, "openai/y") == replace(
        verdict, text=f"openai/y {said}"
    )


def test_the_package_is_told_before_a_model_has_to_be_named(
    layers: Layers, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = replace(STORED, provider="gemini")
    assert "name one: --model" in str(prepare(entry, layers, environ, no_keyring))
    monkeypatch.setattr("agentos.models.catalog.missing_package", lambda one: one.requirement)
    verdict = prepare(entry, layers, environ, no_keyring)
    assert isinstance(verdict, Verdict)
    assert verdict.text.startswith("gemini needs a package that is missing")
    assert verdict.text.endswith(f"type: {install_command('google-genai>=3,<4')}")


def test_the_model_is_the_one_named_else_one_that_is_set(
    project: Path, environ: dict[str, str]
) -> None:
    flags = {"drafter": "gemini/one", "reviewer": "openai/two"}
    layers = read_layers(project, environ, flags)

    def asked(entry: CredentialEntry, model: str | None = None) -> str:
        trial = prepare(entry, layers, environ, no_keyring, model)
        assert isinstance(trial, Trial)
        return trial.model.name

    assert asked(STORED) == "openai/two"
    assert asked(STORED, "openai/three") == "openai/three"
    assert asked(CredentialEntry("a", "here", "command/claude", secret=KEY)) == "command/claude"


@pytest.mark.parametrize("part", [KEY[:12], KEY[3:], KEY[:-1]])
def test_a_part_of_the_key_is_masked_too(tried: Callable[..., Verdict], part: str) -> None:
    refused = Refusal(RefusalKind.REQUEST, f"bad {part}", code="bad")
    assert tried(refused).text == "refused: bad ***"


def test_a_rest_that_nobody_waits_for_is_told_as_such(tried: Callable[..., Verdict]) -> None:
    verdict = tried(refusal(RefusalKind.RATE_LIMITED, "http_429", LimitHint(1e23)))
    assert verdict.result is Result.LIMITED
    assert "for more than a day" in verdict.text
