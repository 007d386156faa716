"""The model that is built in: rules instead of a language model, neither key nor network."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from agentos.core.calls import Answer, Refusal, RefusalKind, Request, RequestKind, Usage
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings
from agentos.core.providers import Provider
from agentos.documents.code_context import CodeContext, parse
from agentos.documents.markdown import Paragraph
from agentos.documents.mentions import mentioned_files
from agentos.documents.source import Source, parse_source
from agentos.documents.verdict import render_verdict
from agentos.models.embedded.issue import draft_issue
from agentos.models.embedded.lld import draft_lld
from agentos.models.embedded.review import listed_files, review_issue, review_lld
from agentos.models.embedded.wording import ISSUE_NOTE

LATENCY_VARIABLE = "AGENTOS_EMBEDDED_LATENCY"
MAX_LATENCY = 3600.0  # seconds

_NAME = "embedded"


class EmbeddedModel:
    """Reads the parts of a request and writes its documents by rule; says so in each of them.

    `latency` is how long each call takes, in seconds: for demonstrations and measurements.
    """

    def __init__(self, latency: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self._latency = latency
        self._sleep = sleep

    @property
    def name(self) -> str:
        """The full name."""
        return _NAME

    @property
    def provider(self) -> str:
        """The provider's name."""
        return _NAME

    def bound(self, request: Request) -> Usage:  # noqa: ARG002 - rules read it, nobody counts
        """Nothing: rules cost nothing."""
        return Usage()

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:  # noqa: ARG002
        """The document or review asked for; a refusal where source or context cannot be read."""
        if self._latency:
            self._sleep(self._latency)
        try:
            source = _without_our_note(parse_source(request.source))
            context = parse(request.context)
        except ValueError as error:
            return Refusal(RefusalKind.REQUEST, str(error), usage=Usage())
        return Answer(_text(request, source, context), _NAME, Usage())


def _build(_settings: ModelSettings, environ: Mapping[str, str]) -> EmbeddedModel:
    text = environ.get(LATENCY_VARIABLE, "").strip()
    try:
        latency = float(text or "0")
    except ValueError:
        latency = -1.0
    if not 0 <= latency <= MAX_LATENCY:  # false for nan as well
        raise ConfigError(  # what it is instead may be a key, and is not repeated
            f"{LATENCY_VARIABLE} is no number of seconds",
            f"set it to a number from 0 to {MAX_LATENCY:.0f}, or unset it",
        )
    return EmbeddedModel(latency)


PROVIDER = Provider(_NAME, _build, needs_key=False, has_one_model=True, is_free=True)


def _without_our_note(source: Source) -> Source:
    """An issue that this model wrote, without the sentence that says so."""
    introduction = tuple(b for b in source.introduction if b != Paragraph(ISSUE_NOTE))
    return replace(source, introduction=introduction)


def _text(request: Request, source: Source, context: CodeContext) -> str:
    if request.kind is RequestKind.REVIEW_LLD:
        return render_verdict(review_lld(request.draft, source, context))
    if request.kind is RequestKind.REVIEW_ISSUE:
        return render_verdict(review_issue(request.draft, source))
    added = _files_to_add(request, context.files)
    if request.kind in (RequestKind.DRAFT_LLD, RequestKind.REVISE_LLD):
        return draft_lld(source, context, added)
    return draft_issue(source, context, added)


def _files_to_add(request: Request, tree: tuple[str, ...]) -> tuple[str, ...]:
    """Of a revision: the files of the draft and those that the feedback names."""
    listed = listed_files(request.draft)
    return (*(path for path in tree if path in listed), *mentioned_files(request.feedback, tree))
