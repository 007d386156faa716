import subprocess
import sys

import pytest

from agentos.core.calls import Answer, Refusal, RefusalKind, Request, RequestKind, Usage
from agentos.models.embedded import EmbeddedModel


@pytest.mark.parametrize("kind", list(RequestKind))
def test_every_kind_of_request_is_answered_even_an_empty_one(kind: RequestKind) -> None:
    answer = EmbeddedModel().complete(Request(kind), None)
    assert isinstance(answer, Answer)
    assert answer.text.startswith("# ")
    assert (answer.model, answer.usage) == ("embedded", Usage(0, 0))


@pytest.mark.parametrize("kind", list(RequestKind))
def test_the_same_request_has_the_same_answer(kind: RequestKind) -> None:
    request = Request(kind, source="# T\n\n## Requirements\n\n- `a.py`\n", draft="# T\n")
    assert EmbeddedModel().complete(request, None) == EmbeddedModel().complete(request, "secret")


def test_a_call_takes_as_long_as_it_is_told() -> None:
    slept: list[float] = []
    EmbeddedModel(1.5, slept.append).complete(Request(RequestKind.DRAFT_LLD), None)
    EmbeddedModel(0, slept.append).complete(Request(RequestKind.DRAFT_LLD), None)
    assert slept == [1.5]


@pytest.mark.parametrize(
    ("source", "context"), [("---\n[\n---\n", ""), ("# T\n", "not a rendered context")]
)
def test_what_cannot_be_read_is_refused_for_good(source: str, context: str) -> None:
    request = Request(RequestKind.DRAFT_LLD, source=source, context=context)
    refusal = EmbeddedModel().complete(request, None)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.REQUEST
    assert refusal.message


def test_it_needs_no_network_and_no_terminal() -> None:
    script = "import sys, agentos.models.embedded; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not {"ssl", "http.client", "click", "rich", "asyncio"} & set(result.stdout.split())
