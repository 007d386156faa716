"""The model that is built in: rules instead of a language model, neither key nor network."""

import time
from collections.abc import Callable

from agentos.core.calls import Answer, Refusal, RefusalKind, Request, RequestKind
from agentos.documents.code_context import parse
from agentos.documents.mentions import mentioned_files
from agentos.documents.source import parse_source
from agentos.documents.verdict import render_verdict
from agentos.models.embedded.issue import draft_issue
from agentos.models.embedded.lld import draft_lld
from agentos.models.embedded.review import listed_files, review_issue, review_lld

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

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:  # noqa: ARG002
        """The document or review asked for; a refusal where source or context cannot be read."""
        if self._latency:
            self._sleep(self._latency)
        try:
            return Answer(_answer(request), _NAME)
        except ValueError as error:
            return Refusal(RefusalKind.REQUEST, str(error))


def _answer(request: Request) -> str:
    source = parse_source(request.source)
    context = parse(request.context)
    match request.kind:
        case RequestKind.REVIEW_LLD:
            return render_verdict(review_lld(request.draft, source, context))
        case RequestKind.REVIEW_ISSUE:
            return render_verdict(review_issue(request.draft, source))
        case RequestKind.DRAFT_LLD | RequestKind.REVISE_LLD:
            return draft_lld(source, context, _files_to_add(request, context.files))
        case RequestKind.DRAFT_ISSUE | RequestKind.REVISE_ISSUE:
            return draft_issue(source, context, _files_to_add(request, context.files))


def _files_to_add(request: Request, tree: tuple[str, ...]) -> tuple[str, ...]:
    """Of a revision: the files of the draft and those that the feedback names."""
    listed = listed_files(request.draft)
    return (*(path for path in tree if path in listed), *mentioned_files(request.feedback, tree))
