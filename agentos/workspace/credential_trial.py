"""A credential tried: one smallest call with it, and what the provider said."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from agentos.core.calls import (
    Answer,
    Refusal,
    RefusalCode,
    RefusalKind,
    Request,
    RequestKind,
)
from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credentials import ReadKeyring, SecretError, resolve_for_use
from agentos.core.config.known_settings import ROLES
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.core.masking import Masker
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.core.quoted_secrets import mask_quoted
from agentos.core.terminal_text import printable
from agentos.models.catalog import account_of, check_package, choose
from agentos.models.registry import load_model, load_provider
from agentos.workspace.configuration import Layers
from agentos.workspace.credential_standing import unknown_provider

LONGEST = 30.0
"""Seconds of a call."""

_LIMITS = TimeLimits(connect=10.0, idle=LONGEST, total=LONGEST)
_OUTPUT_TOKENS = 16  # the least that OpenAI's newer models take
_REQUEST = Request(RequestKind.REVIEW_ISSUE, template="Answer with one word: yes.")

_DAY = 24 * 3600.0

_MOST_SHOWN = 300  # characters of what a provider says

# Codes are for programs, so these hold where a sentence would not.
_NOT_FOUND = re.compile(r"not_?found|http_404", re.IGNORECASE)


class Result(Enum):
    """How a trial ended."""

    WORKS = auto()
    LIMITED = auto()  # so does this one, but its quota has to rest
    FAILS = auto()
    UNTRIED = auto()  # nothing was asked: something else is missing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial showed; `text` is for people and holds no secret."""

    result: Result
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that is to be made."""

    entry: CredentialEntry
    credential: Credential
    model: ModelSettings

    def make(self, environ: Mapping[str, str]) -> Verdict:
        """Make it, with `environ` for a program that is run; takes up to LONGEST seconds."""
        secret = self.credential.secret
        try:
            model = load_model(self.model, environ)
        except ConfigError as error:
            return Verdict(Result.UNTRIED, _told(error))
        result = model.complete(_REQUEST, secret)
        if isinstance(result, Refusal):  # a provider may quote the key, or a part of it
            message = mask_quoted(result.message, secret or "")
            result = replace(result, message=message)
        verdict = _judged(result, model.name, self.entry)
        text = Masker([secret or ""]).mask(verdict.text)
        return replace(verdict, text=printable(text, _MOST_SHOWN))


def prepare(
    entry: CredentialEntry,
    layers: Layers,
    environ: Mapping[str, str],
    read_keyring: ReadKeyring,
    model: str | None = None,
) -> Trial | Verdict:
    """The call by which the credential can be tried, or what there is to say without one.

    It asks `model`; without one the drafter or reviewer that is set, if the credential serves it.
    """
    try:
        credential = resolve_for_use(entry, environ, read_keyring)
    except SecretError as error:
        return Verdict(Result.FAILS, f"{error.state}; {error.hint}")
    if unknown := unknown_provider(entry, layers):
        return Verdict(Result.FAILS, unknown)
    account = entry.provider or "embedded"
    try:
        provider = load_provider(layers.entries[account.partition("/")[0]].value)
        if provider.has_one_model and not provider.needs_key:
            return Verdict(Result.WORKS, f"no call is needed: it serves {provider.name} only")
        check_package(provider, model or account)  # before a name is asked for: it takes longer
        name = model or _chosen(account, layers)
        if name is None:
            return Verdict(
                Result.UNTRIED,
                f"no model of {account} is chosen; name one: --model {account}/NAME",
            )
        return Trial(entry, credential, _settings(name, layers))
    except ConfigError as error:
        return Verdict(Result.UNTRIED, _told(error))


def _chosen(account: str, layers: Layers) -> str | None:
    if account.startswith("command/"):
        return account
    models = (str(layers.settings.get(role)) for role in ROLES)
    return next((model for model in models if account_of(model) == account), None)


def _settings(name: str, layers: Layers) -> ModelSettings:
    chosen = choose(name, layers.settings, layers.entries)
    return replace(chosen.settings, max_output_tokens=_OUTPUT_TOKENS, time_limits=_LIMITS)


def _judged(result: Answer | Refusal, model: str, entry: CredentialEntry) -> Verdict:
    if isinstance(result, Answer):
        usage = result.usage
        count = f" ({usage.input_tokens} + {usage.output_tokens} tokens)" if usage else ""
        return Verdict(Result.WORKS, f"works: {model} answered{count}")
    if result.kind is RefusalKind.RATE_LIMITED:
        rest = result.retry_after
        wait = "for a while" if rest is None else f"for {math.ceil(rest)} s"
        if rest is not None and rest > _DAY:
            wait = "for more than a day"
        return Verdict(Result.LIMITED, f"works, but is rate-limited: it has to rest {wait}")
    if result.kind is RefusalKind.EMPTY:
        return Verdict(Result.WORKS, f"works: {model} answered nothing")
    return Verdict(Result.FAILS, f"{_heading(result)}: {result.message}{_remedy(result, entry)}")


def _heading(refusal: Refusal) -> str:
    match refusal.kind:
        case RefusalKind.ACCOUNT | RefusalKind.DAILY_QUOTA:
            return "spent"
        case RefusalKind.CREDENTIAL:
            return "wrong key"
        case RefusalKind.OVERLOADED:
            return "not known"
        case RefusalKind.REQUEST if _NOT_FOUND.search(refusal.code):
            return "unknown model"
    if refusal.code in {RefusalCode.UNREACHABLE, RefusalCode.TLS}:
        return "unreachable"
    return "refused" if refusal.kind is RefusalKind.REQUEST else "no answer"


def _remedy(refusal: Refusal, entry: CredentialEntry) -> str:
    is_wrong = refusal.kind is RefusalKind.CREDENTIAL
    if not is_wrong or entry.origin is not Origin.FILE or entry.variable is not None:
        return ""
    return f" Put another in its place: agentos credentials add {entry.name} --replace"


def _told(error: ConfigError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)
