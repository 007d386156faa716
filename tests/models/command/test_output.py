"""What a program says in JSON, and what that comes to."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.core.calls import Answer, Refusal, RefusalCode, RefusalKind, Usage
from agentos.models.command.output import read
from agentos.models.command.process import End, Run

MODEL = "command/tool"
SECRET = "sk-very-secret"

CLAUDE: dict[str, Any] = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "result": "# Title\n",
    "total_cost_usd": 0.02,
    "usage": {
        "input_tokens": 3,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 1000,
        "output_tokens": 40,
    },
}
CLAUDE_USAGE = Usage(1203, 40, 1000, 200)

GEMINI = {
    "session_id": "x",
    "response": "# Title",
    "stats": {
        "models": {
            "flash-lite": {"tokens": {"prompt": 10, "candidates": 2, "cached": 0, "thoughts": 1}},
            "pro": {"tokens": {"prompt": 900, "candidates": 30, "cached": 500, "thoughts": 70}},
        }
    },
}

CODEX: list[dict[str, Any]] = [
    {"type": "thread.started", "thread_id": "x"},
    {"type": "turn.started"},
    {"type": "error", "message": "Reconnecting... 1/5"},
    {"type": "item.completed", "item": {"id": "0", "type": "reasoning", "text": "Hm"}},
    {"type": "item.completed", "item": {"id": "1", "type": "agent_message", "text": "Looking"}},
    {"type": "item.completed", "item": {"id": "2", "type": "agent_message", "text": "# Title"}},
    {
        "type": "turn.completed",
        "usage": {"input_tokens": 900, "cached_input_tokens": 500, "output_tokens": 100},
    },
]


def lines(*documents: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, documents))


def said(stdout: str, stderr: str = "", code: int = 0) -> Answer | Refusal:
    return read(Run(End.EXITED, code, stdout.encode(), stderr.encode()), "json", MODEL, SECRET)


def failed(status: int | None, sentence: str = "It said no") -> str:
    return json.dumps(CLAUDE | {"is_error": True, "result": sentence, "api_error_status": status})


@pytest.mark.parametrize(
    ("stdout", "usage"),
    [
        (lines(CLAUDE), CLAUDE_USAGE),
        (f"Welcome!\n{{not json\n  {lines(CLAUDE)}\nBye", CLAUDE_USAGE),
        (json.dumps(CLAUDE, indent=2), CLAUDE_USAGE),
        (json.dumps({"result": "# Title"}), None),
        (json.dumps({"result": "# Title", "usage": {"input_tokens": 1}}), None),
        (
            json.dumps({"result": "# Title", "usage": {"input_tokens": -1, "output_tokens": "9"}}),
            Usage(),
        ),
        (json.dumps(GEMINI, indent=2), Usage(910, 103, 500)),
        (json.dumps({"response": "# Title", "stats": {"models": {}}}), None),
        (json.dumps({"response": "# Title", "stats": {"models": {"pro": 1}}}), Usage()),
        (lines(*CODEX), Usage(900, 100, 500)),
        (lines(*CODEX[:-1]), None),
        (lines(*CODEX[:-1], {"type": "turn.completed"}), None),
    ],
)
def test_an_answer_comes_with_its_usage(stdout: str, usage: Usage | None) -> None:
    assert said(stdout) == Answer("# Title", MODEL, usage)


def test_an_empty_answer_is_one() -> None:
    assert said(json.dumps({"result": ""})) == Answer("", MODEL)


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusalKind.REQUEST),
        (401, RefusalKind.CREDENTIAL),
        (403, RefusalKind.CREDENTIAL),
        (429, RefusalKind.RATE_LIMITED),
        (500, RefusalKind.TRANSIENT),
        (529, RefusalKind.OVERLOADED),
        (None, RefusalKind.TRANSIENT),
        (42, RefusalKind.TRANSIENT),  # no HTTP status, but a code of the tool's own
    ],
)
def test_a_refusal_is_told_by_the_status_behind_it(
    status: int | None, kind: RefusalKind, code: int
) -> None:
    result = said(failed(status), code=code)
    assert isinstance(result, Refusal)
    assert (result.kind, result.usage) == (kind, CLAUDE_USAGE)
    assert result.message.startswith(MODEL)


@pytest.mark.parametrize(
    ("stdout", "stderr", "sentence"),
    [
        (failed(None), "", "It said no"),
        (json.dumps({"is_error": True, "subtype": "error_max_turns"}), "", "error_max_turns"),
        (json.dumps({"is_error": True}), "", "it gave no reason"),
        ("", json.dumps({"error": {"type": "E", "message": "No login", "code": 41}}), "No login"),
        (lines(*CODEX[:3], {"type": "turn.failed", "error": {"message": "Full"}}), "", "Full"),
    ],
)
@pytest.mark.parametrize("code", [0, 1])
def test_a_failure_is_told_in_the_tools_own_words(
    stdout: str, stderr: str, sentence: str, code: int
) -> None:
    result = said(stdout, stderr, code)
    assert isinstance(result, Refusal)
    assert result.kind is RefusalKind.TRANSIENT
    assert result.message.endswith(f": {sentence}")


def test_a_refusal_on_stderr_has_its_status_too() -> None:
    error = {"error": {"type": "ApiError", "message": "Slow down", "code": 429}}
    result = said("", f"Loaded.\n{json.dumps(error, indent=2)}", 1)
    assert isinstance(result, Refusal)
    assert (result.kind, result.usage) == (RefusalKind.RATE_LIMITED, Usage())


def test_an_exit_code_counts_for_more_than_an_answer() -> None:
    result = said(lines(CLAUDE), "disk full", 1)
    assert isinstance(result, Refusal)
    assert result.message == f"{MODEL} ended with exit code 1: disk full"


@pytest.mark.parametrize(
    "stdout", ["", "# Title", "[]", "{}", '{"result": 1}', '{"result": "cut', '{"a":\n' * 100_000]
)
def test_what_is_no_known_json_is_no_answer(stdout: str) -> None:
    result = said(stdout)
    assert isinstance(result, Refusal)
    assert (result.kind, result.code) == (RefusalKind.TRANSIENT, RefusalCode.NO_ANSWER)


def test_an_object_inside_of_another_is_not_taken_for_the_answer() -> None:
    inner = json.dumps({"result": "inner"})
    assert isinstance(said(f'{{"events": [\n{inner}\n]}}'), Refusal)


def test_no_secret_comes_through() -> None:
    for stdout in (failed(400, f"bad {SECRET}"), failed(None, f"bad {SECRET}")):
        result = said(stdout)
        assert isinstance(result, Refusal)
        assert "bad ***" in result.message


@settings(max_examples=50)
@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["result", "is_error", "error", "message", "usage", "stats", "type"]
                ),
                inner,
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(["text", "json"]),
    st.integers(-9, 255),
)
def test_whatever_it_says_is_an_answer_or_a_refusal(stdout: bytes, output: str, code: int) -> None:
    result = read(Run(End.EXITED, code, stdout, stdout), output, MODEL, None)
    assert isinstance(result, Answer | Refusal)
