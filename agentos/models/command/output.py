"""What a program said, as an answer or a refusal.

Text is taken as it is. JSON may have the form of `claude --output-format json`, of `gemini
--output-format json`, or of the events of `codex exec --json`; a program of one's own may write any
of them, the first being `{"result": "...", "is_error": false, "usage": {...}}`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from agentos.core.calls import Answer, Refusal, RefusalCode, RefusalKind, Usage
from agentos.core.masking import Masker
from agentos.core.terminal_text import printable, without_sequences
from agentos.models.command.process import Run
from agentos.models.transport import MAX_QUOTE, status_refusal

_CANNOT_EXECUTE = (126, 127)  # a shell's way to say so
_NO_REASON = "it gave no reason"
_MAX_COUNT = 2**53  # tokens; more than any call has

_DOCUMENT = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
_DECODER = json.JSONDecoder()


def read(run: Run, output: str, model: str, secret: str | None) -> Answer | Refusal:
    """The outcome of a program that exited, whatever it said. `output` is `text` or `json`."""
    mask = Masker([secret or ""]).mask
    stdout, stderr = (_plain(text, mask) for text in (run.stdout, run.stderr))
    said = _Said(text=stdout) if output == "text" else _find(stdout) or _find(stderr)
    if said is None and run.code == 0:
        return Refusal(
            RefusalKind.TRANSIENT,
            f"{model} wrote no JSON of a form that is known; check its command and its output",
            code=RefusalCode.NO_ANSWER,
        )
    said = said or _Said()
    if said.status is not None:
        refusal = status_refusal(said.status, sentence=said.error, secret=secret)
        return replace(
            refusal, message=f"{model}: {refusal.message}", usage=said.usage or refusal.usage
        )
    if run.code == 0 and not said.error:
        return Answer(said.text.strip(), model, said.usage)
    words = printable(said.error or _last_line(stderr or stdout) or _NO_REASON, MAX_QUOTE)
    if run.code in _CANNOT_EXECUTE:
        return Refusal(
            RefusalKind.REQUEST,
            f"{model} cannot be executed ({words}); check its command, and that it is installed",
        )
    return Refusal(RefusalKind.TRANSIENT, f"{model} {_how(run.code)}: {words}", usage=said.usage)


@dataclass(frozen=True, slots=True)
class _Said:
    """`status` is that of the provider behind the program, where it tells of a refusal."""

    text: str = ""
    usage: Usage | None = None
    error: str = ""
    status: int | None = None


def _plain(output: bytes, mask: Callable[[str], str]) -> str:
    return mask(without_sequences(output.decode("utf-8", "replace")).replace("\r\n", "\n"))


def _how(code: int) -> str:
    if code < 0:
        return f"was killed by signal {-code}"
    return f"ended with exit code {code}" if code else "failed"


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _find(text: str) -> _Said | None:
    """What the JSON in a text says, among whatever other lines; None without any that is known."""
    found: _Said | None = None
    for document in _documents(text):
        match document:
            case {"is_error": True}:
                found = _Said(
                    usage=_claude_usage(document),
                    error=str(document.get("result") or document.get("subtype") or _NO_REASON),
                    status=_status(document.get("api_error_status")),
                )
            case {"result": str(result)}:
                found = _Said(result, _claude_usage(document))
            case {"error": {"message": str(message), **more}}:  # of gemini, or codex's turn.failed
                found = _Said("", _gemini_usage(document), message, _status(more.get("code")))
            case {"response": str(response)}:
                found = _Said(response, _gemini_usage(document))
            case {"type": "item.completed", "item": {"type": "agent_message", "text": str(last)}}:
                found = replace(found or _Said(), text=last)
            case {"type": "turn.completed"}:
                found = replace(found or _Said(), usage=_codex_usage(document))
    return found


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that begins a line, except inside of another."""
    end = 0
    for match in _DOCUMENT.finditer(text):
        if match.end() < end:
            continue
        try:
            document, end = _DECODER.raw_decode(text, match.end())
        except ValueError:
            continue
        except RecursionError:
            return
        yield document


def _status(value: object) -> int | None:
    """An HTTP status that says no; a tool's own code may stand in the same place."""
    return value if isinstance(value, int) and 400 <= value < 600 else None


def _claude_usage(document: dict[str, Any]) -> Usage | None:
    match document.get("usage"):
        case {"input_tokens": fresh, "output_tokens": output, **more}:
            cached = _count(more.get("cache_read_input_tokens"))
            written = _count(more.get("cache_creation_input_tokens"))
            return Usage(_count(fresh) + cached + written, _count(output), cached, written)
    return None


def _codex_usage(event: dict[str, Any]) -> Usage | None:
    match event.get("usage"):
        case {"input_tokens": whole, "output_tokens": output, **more}:
            return Usage(_count(whole), _count(output), _count(more.get("cached_input_tokens")))
    return None


def _gemini_usage(document: dict[str, Any]) -> Usage | None:
    """All models that had a part in it, since it asks a small one which it should take."""
    match document.get("stats"):
        case {"models": {**models}} if models:
            return sum(map(_gemini_model_usage, models.values()), Usage())
    return None


def _gemini_model_usage(stats: object) -> Usage:
    match stats:
        case {"tokens": {"prompt": whole, "candidates": output, **more}}:
            thought = _count(more.get("thoughts"))
            return Usage(_count(whole), _count(output) + thought, _count(more.get("cached")))
    return Usage()


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value < _MAX_COUNT else 0  # True is an int, too
