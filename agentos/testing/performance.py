"""A reply played to one client, with everything that it bills entered as it happens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import assert_never

from agentos.core.calls import Usage
from agentos.testing.client import Client, Departed
from agentos.testing.exchanges import End
from agentos.testing.replies import (
    Cut,
    Decline,
    ErrorEvent,
    Flood,
    PlainReply,
    Raw,
    Redirect,
    Refuse,
    Say,
    Stall,
)
from agentos.testing.wire_format import AnswerStream, Finish, Question, Spent, WireFormat

_BYTES_PER_TOKEN = 4
_FLOOD_BLOCK = 64 * 1024


def estimated_tokens(text: str) -> int:
    """About what a tokenizer would count: a token for every four bytes, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Performance:
    """One call that is being answered.

    `bill` takes all that it has cost so far, `end` how it ended; the first word on that counts.
    `is_closing` tells a client's leaving from the server's.
    """

    client: Client
    wire: WireFormat
    question: Question
    request_id: str
    bill: Callable[[Usage], None]
    end: Callable[[End], None]
    is_closing: Callable[[], bool]

    def play(self, reply: PlainReply) -> None:
        """Answer. Whatever the client does meanwhile, the call has an end afterwards."""
        try:
            self._play(reply)
        except Departed:
            if isinstance(reply, Stall):
                self.end(End.STALLED)
            else:
                self.end(End.CUT if self.is_closing() else End.ABANDONED)
        finally:
            self.end(End.CUT)  # if it was not over, an error is on its way that drops the client

    def _play(self, reply: PlainReply) -> None:
        match reply:
            case Say():
                self._say(reply)
            case Decline():
                self._tell(Say(reply.text), Finish.DECLINED)
            case Refuse():
                self._refuse(reply)
            case Stall():
                self._stall(reply)
            case Cut():
                self._cut(reply)
            case ErrorEvent():
                stream, _ = self._begin(reply.text, reply.after_chunks)
                self.end(End.REFUSED)
                self.client.finish(stream.error(reply.code, reply.message))
            case Raw():
                headers = {"Content-Type": reply.content_type, **reply.headers}
                self._respond(reply.status, headers, reply.body)
            case Flood():
                self._flood(reply.size)
            case Redirect():
                self._respond(reply.status, {"Location": reply.location}, b"")
            case _:
                assert_never(reply)

    def _say(self, say: Say) -> None:
        limit = self.question.max_output_tokens
        if say.output_tokens is None and limit is not None and estimated_tokens(say.text) > limit:
            whole = say.text.encode("utf-8", "replace")[: limit * _BYTES_PER_TOKEN]
            say = replace(say, text=whole.decode("utf-8", "ignore"), truncated=True)
        self.client.wait(say.first_delay)
        self._tell(say, Finish.OUTPUT_LIMIT if say.truncated else Finish.DONE)

    def _tell(self, say: Say, finish: Finish) -> None:
        """Stream a whole answer."""
        before, total = self._input(say), say.output_tokens
        if total is None:
            total = estimated_tokens(say.text)
        stream = self._open(before, say.limits)
        spent = Spent(before)
        pieces = split(say.text, say.chunks)
        for number, piece in enumerate(pieces, 1):
            self.client.wait(say.delay)
            share = _share(total, number, len(pieces))
            spent = Spent(before + Usage(output_tokens=share), min(say.reasoning_tokens, share))
            self.bill(spent.usage)
            self.client.send(stream.piece(piece, spent))
        spent = Spent(before + Usage(output_tokens=total), say.reasoning_tokens)
        self.client.wait(0)
        self.bill(spent.usage)
        self.end(End.ANSWERED)  # before the client can know it
        self.client.finish(stream.closing(finish, spent))

    def _input(self, say: Say) -> Usage:
        tokens = say.input_tokens
        if tokens is None:
            from_cache = say.cached_tokens + say.cache_write_tokens
            tokens = max(estimated_tokens(self.question.prompt), from_cache)
        return Usage(
            tokens, cached_tokens=say.cached_tokens, cache_write_tokens=say.cache_write_tokens
        )

    def _begin(self, text: str, after_chunks: int) -> tuple[AnswerStream, bytes]:
        """Stream an answer up to some chunk; the frame that would follow comes back unsent."""
        before = Usage(estimated_tokens(self.question.prompt))
        stream = self._open(before, {})
        pieces = split(text, after_chunks + 1)
        spent, told = Spent(before), ""
        for piece in pieces[:after_chunks]:
            told += piece
            spent = Spent(before + Usage(output_tokens=estimated_tokens(told)))
            self.bill(spent.usage)
            self.client.send(stream.piece(piece, spent))
        return stream, stream.piece("".join(pieces[after_chunks:]), spent)

    def _open(self, before: Usage, limits: Mapping[str, str]) -> AnswerStream:
        stream = self.wire.stream(self.question, self.request_id)
        self.client.wait(0)
        self.bill(before)
        self.client.begin(200, {**self._stream_headers(), **limits})
        self.client.send(stream.opening(Spent(before)))
        return stream

    def _stall(self, stall: Stall) -> None:
        if stall.after_chunks is not None:
            stream, _ = self._begin(stall.text, stall.after_chunks)
            while stall.ping_every is not None:
                self.client.wait(stall.ping_every)
                self.client.send(stream.ping())
        self.client.wait(None)

    def _cut(self, cut: Cut) -> None:
        if cut.after_chunks is None:
            self.end(End.CUT)
            self.client.begin_in_part(200, self._stream_headers())
            return
        _, following = self._begin(cut.text, cut.after_chunks)
        self.end(End.CUT)
        if cut.clean:
            self.client.finish()
        else:
            self.client.send_in_part(following)

    def _refuse(self, refuse: Refuse) -> None:
        body = self.wire.error_body(refuse, self.request_id)
        headers = {"Content-Type": "application/json", **self._id_header(), **refuse.headers}
        self._respond(refuse.status, headers, body)

    def _respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.client.wait(0)
        self.end(End.ANSWERED if status < 300 else End.REFUSED)
        self.client.respond(status, headers, body)

    def _flood(self, size: int) -> None:
        self.client.begin(200, self._stream_headers())
        for sent in range(0, size, _FLOOD_BLOCK):
            self.client.wait(0)
            self.client.send(b"x" * min(_FLOOD_BLOCK, size - sent))
        self.end(End.ANSWERED)
        self.client.finish()

    def _stream_headers(self) -> dict[str, str]:
        headers = {"Content-Type": self.wire.content_type, "Cache-Control": "no-cache"}
        return {**headers, **self._id_header()}

    def _id_header(self) -> dict[str, str]:
        return {self.wire.id_header: self.request_id} if self.wire.id_header else {}


def split(text: str, count: int) -> Sequence[str]:
    """The text in at most `count` pieces of nearly one length, none of them empty."""
    count = max(1, min(count, len(text)))
    ends = [len(text) * number // count for number in range(count + 1)]
    return [text[begin:end] for begin, end in pairwise(ends) if end > begin]


def _share(total: int, number: int, count: int) -> int:
    """What has been told of `total` after so many pieces, rounded up."""
    return -(-total * number // count)
