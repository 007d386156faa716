"""Limits on a response: its time, its size and its kind. Imports httpx2: only for use in a call."""

import codecs
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import httpx2

from agentos.core.calls import Refusal, RefusalCode, RefusalKind, Usage
from agentos.core.clock import Clock
from agentos.core.model_settings import TimeLimits
from agentos.core.terminal_text import printable
from agentos.models.key_echo import EchoedBody, KeyEcho

_FITTING_TYPES = ("text/event-stream", "application/json")
_MAX_SHOWN = 200  # characters of an address that a server names


class Guard:
    """Hooks of a client that `refuse` a response beyond the limits.

    The total limit runs from the making of the guard.
    """

    def __init__(
        self,
        limits: TimeLimits,
        max_body: int,
        refuse: Callable[[Refusal], Exception],
        clock: Clock,
        echo: KeyEcho,
    ) -> None:
        self._limits = limits
        self._max_body = max_body
        self._refuse = refuse
        self._clock = clock
        self._echo = echo
        self._deadline = clock() + limits.total
        self._socket: socket.socket | None = None
        self.is_over = False

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Hang up when the total limit is over: a body is checked as it comes, headers are not."""
        timer = threading.Timer(self._limits.total, self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if self.is_over:
                raise self._refuse(_too_long(self._limits)) from error
            raise
        finally:
            timer.cancel()

    def before(self, request: httpx2.Request) -> None:
        """Ask for a body as it is: a small compressed one may hide a huge one."""
        request.headers["accept-encoding"] = "identity"
        request.extensions = {**request.extensions, "trace": self._traced}

    def after(self, response: httpx2.Response) -> None:
        """Judge a response by its status and headers; bound its body, and keep the key out."""
        self._mask_head(response)
        host = response.request.url.host
        if response.is_redirect:
            raise self._refuse(_redirect(response))
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.is_success and kind and kind not in _FITTING_TYPES:
            raise self._refuse(
                _no_answer(f"{host} answered with a {printable(kind, _MAX_SHOWN)} page")
            )
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            if response.is_success:
                raise self._refuse(_no_answer(f"{host} answered with a compressed body"))
            # Its status says enough, and nobody unpacks it.
            del response.headers["content-encoding"]
            response.stream = httpx2.ByteStream(b"")
        body = self._echo.body(is_error=not response.is_success)
        response.stream = _Bounded(cast(httpx2.SyncByteStream, response.stream), self._check, body)

    def _mask_head(self, response: httpx2.Response) -> None:
        """Texts of headers and status come back in exceptions, of parsers among others."""
        for name, value in response.headers.items():
            if (masked := self._echo.mask(value)) != value:
                response.headers[name] = masked
        if (phrase := self._echo.mask(response.reason_phrase)) != response.reason_phrase:
            response.extensions["reason_phrase"] = phrase.encode("ascii", "replace")

    def _traced(self, name: str, info: Mapping[str, Any]) -> None:
        """Keep the connection's socket; the name and the stream are httpcore's."""
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.is_over:
                self._hang_up()

    def _hang_up(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)

    def _check(self, size: int) -> None:
        """Raise if a body of `size` bytes so far may not go on."""
        if size > self._max_body:
            raise self._refuse(_oversized(self._max_body))
        if self._clock() > self._deadline:
            raise self._refuse(_too_long(self._limits))


class _Bounded(httpx2.SyncByteStream):
    """A response's bytes, each chunk of them after a check of the size so far.

    All that passes the guard is text; a byte that is no UTF-8 is replaced, for an SDK would throw a
    whole answer away over it. It holds no key.
    """

    def __init__(
        self, inner: httpx2.SyncByteStream, check: Callable[[int], None], body: EchoedBody
    ) -> None:
        self._inner = inner
        self._check = check
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for chunk in self._inner:
            size += len(chunk)
            self._check(size)
            yield self._body.feed(decoder.decode(chunk)).encode("utf-8")
        rest = self._body.feed(decoder.decode(b"", final=True)) + self._body.finish()
        yield rest.encode("utf-8")

    def close(self) -> None:
        self._inner.close()


def _redirect(response: httpx2.Response) -> Refusal:
    """For good, since only a setting helps; without the query, which may be a secret."""
    host = response.request.url.host
    try:
        target = response.request.url.join(response.headers.get("location", ""))
        place = printable(f"{target.host}{target.path}", _MAX_SHOWN)
    except httpx2.InvalidURL:
        place = "another place"
    return Refusal(
        RefusalKind.REQUEST,
        f"{host} redirects to {place}, and a key is not sent elsewhere; set base_url to where"
        " the API really is.",
        code=f"http_{response.status_code}",
        usage=Usage(),
    )


def _no_answer(what: str) -> Refusal:
    """Transient: a captive portal, or a gateway's page during a restart, goes away."""
    return Refusal(
        RefusalKind.TRANSIENT,
        f"{what}, not with a model's answer; check base_url, and proxies on the way.",
        code=RefusalCode.NO_ANSWER,
    )


def _oversized(max_body: int) -> Refusal:
    """For good: what sends such a body once does so again, and may bill it again."""
    return Refusal(
        RefusalKind.REQUEST,
        f"The response is larger than {max_body // 1024**2} MiB, which no answer is; check that"
        " base_url leads to the API of this provider.",
        code=RefusalCode.OVERSIZED,
    )


def _too_long(limits: TimeLimits) -> Refusal:
    return Refusal(
        RefusalKind.TRANSIENT,
        f"The answer was not finished within {limits.total:g} s; raise the total limit, or lower"
        " the output limit.",
        code=RefusalCode.TOO_LONG,
    )
