"""What the adapters share: an HTTP client that is bounded, and refusals for what goes wrong.

The SDKs stand on `httpx2`, which is imported with them and only inside of a call.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from agentos.core.calls import NO_HINT, LimitHint, Refusal, RefusalCode, RefusalKind, Usage
from agentos.core.clock import Clock
from agentos.core.installation import install_command
from agentos.core.model_settings import TimeLimits
from agentos.core.quoted_secrets import mask_quoted
from agentos.core.terminal_text import printable
from agentos.models.key_echo import KeyEcho

if TYPE_CHECKING:
    import httpx2

MAX_BODY = 8 * 1024 * 1024
"""Bytes of one response, unless the output limit allows for more."""

MAX_BYTES_PER_TOKEN = 1024
"""In a stream a token may be an event of its own, mostly of 250 to 300 bytes."""

MAX_QUOTE = 300
"""Characters of a provider's own sentence."""

_MAX_CODE = 64
_BUSY = (503, 529)
_NOTHING_BILLED = Usage()

_OWN_WORDS = {
    RefusalKind.CREDENTIAL: "the key was refused; check that it is whole, active and may use the"
    " model.",
    RefusalKind.ACCOUNT: "the account of the key has no credit left, or is on hold; look at its"
    " billing and its limits.",
    RefusalKind.DAILY_QUOTA: "the key's quota of the day is used up; wait for the next one, or"
    " raise it.",
    RefusalKind.RATE_LIMITED: "too many requests or tokens at the moment; the call waits.",
    RefusalKind.OVERLOADED: "the provider is overloaded; the call can be repeated later.",
    RefusalKind.REQUEST: "the request was refused; check the model's name, base_url and the size"
    " of the input.",
}
_FAILED = "the provider failed; the call can be repeated."


class Unfit(Exception):  # noqa: N818 - a verdict on a response, which `broken` makes a value of
    """A response that the guard ended; it comes out of the SDK's own call or iteration."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@contextmanager
def guarded_client(
    limits: TimeLimits,
    *,
    secret: str | None = None,
    max_output_tokens: int = 0,
    clock: Clock = time.monotonic,
) -> Iterator["httpx2.Client"]:
    """An HTTP client for one call, whose every response is bounded: in time, size and kind.

    No response shows the secret, nor a part of it, to who reads it.
    The total limit runs from here on. An SDK has to be given this client's `timeout` too. Proxies
    and certificates that the environment names count: they belong to the network. Raises Unfit
    where they cannot be used, so it is entered where exceptions are caught for `broken`.
    """
    import httpx2  # noqa: PLC0415 - heavy, and part of an extra

    from agentos.models.response_guard import Guard  # noqa: PLC0415 - it imports httpx2

    max_body = max(MAX_BODY, max_output_tokens * MAX_BYTES_PER_TOKEN)
    guard = Guard(limits, max_body, Unfit, clock, KeyEcho(secret))
    try:
        # Hooks rather than a transport of our own, which would switch the proxies off.
        client = httpx2.Client(
            timeout=httpx2.Timeout(limits.idle, connect=limits.connect),
            follow_redirects=False,  # the key must not travel to another host
            event_hooks={"request": [guard.before], "response": [guard.after]},
        )
    except (OSError, ValueError, ImportError) as error:
        raise Unfit(_unusable_network(error)) from None
    with guard.watch(), client:
        yield client


def broken(error: BaseException, limits: TimeLimits) -> Refusal:
    """The refusal for an exception that the transport or an SDK raised, told by types alone.

    What nothing of the transport caused comes from an SDK that could not read an answer.
    """
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, Unfit):
            return link.refusal
    host = _host(chain)
    if refusal := _fault_of_connecting(chain, host) or _fault_of_reading(chain, host, limits):
        return refusal
    return Refusal(
        RefusalKind.TRANSIENT,
        f"The answer of {host} could not be read ({type(error).__name__}); check that base_url"
        " leads to the API of this provider.",
        code=RefusalCode.NO_ANSWER,
    )


def cut(what: str = "The stream ended") -> Refusal:
    """The refusal for an answer that is not whole; nobody knows what it cost."""
    return Refusal(
        RefusalKind.TRANSIENT,
        f"{what} in the middle of the answer; the call can be repeated.",
        code=RefusalCode.CUT,
    )


def status_refusal(
    status: int,
    *,
    code: str = "",
    sentence: str = "",
    secret: str | None = None,
    hint: LimitHint = NO_HINT,
    kind: RefusalKind | None = None,
    begun: bool = False,
) -> Refusal:
    """The refusal for an HTTP status, or for an error event that stands for one.

    `code` and `sentence` are the provider's; `kind` is what its code says where that differs from
    what the status says. `begun` means an event in an answer that had begun, and may be billed.
    """
    kind = kind or kind_of_status(status)
    code = _plain(code, secret, _MAX_CODE)
    where = "An error in the answer" if begun else f"HTTP {status}"
    label = f"{where} ({code})" if code else where
    own_words = _OWN_WORDS.get(kind, _FAILED)
    # A sentence about a credential may quote a part of it, which no masking would know.
    quote = _plain(sentence, secret, MAX_QUOTE) if kind is RefusalKind.REQUEST else ""
    unknown = begun or (status >= 500 and status not in _BUSY)
    return Refusal(
        kind,
        f"{label}: {quote or own_words}",
        hint,
        code or (RefusalCode.CUT if begun else f"http_{status}"),
        None if unknown else _NOTHING_BILLED,
    )


def kind_of_status(status: int) -> RefusalKind:
    """What an HTTP status means where the body says nothing more exact."""
    if status == 402:
        return RefusalKind.ACCOUNT
    if status in {401, 403}:
        return RefusalKind.CREDENTIAL
    if status == 429:
        return RefusalKind.RATE_LIMITED
    if status in _BUSY:
        return RefusalKind.OVERLOADED
    if status in {408, 409} or status >= 500:
        return RefusalKind.TRANSIENT
    return RefusalKind.REQUEST


def no_package(module: str, requirement: str, version: str = "") -> Refusal:
    """The refusal where an SDK is not installed, or in a version that does not fit."""
    found = f"is there as {version}, which does not fit" if version else "is not installed"
    return Refusal(
        RefusalKind.REQUEST,
        f"The package {module} {found}; run: {install_command(requirement)}",
        code=RefusalCode.MISSING_PACKAGE,
        usage=_NOTHING_BILLED,
    )


def _unusable_network(error: Exception) -> Refusal:
    """The refusal where the environment names proxies or certificates that there are none of."""
    return Refusal(
        RefusalKind.REQUEST,
        f"The network settings of the environment cannot be used ({type(error).__name__}); check"
        " HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and SSL_CERT_FILE.",
        code=RefusalCode.UNREACHABLE,
        usage=_NOTHING_BILLED,
    )


def _fault_of_connecting(chain: list[BaseException], host: str) -> Refusal | None:
    """What went wrong before the request was out, so that nothing was billed."""
    import httpx2  # noqa: PLC0415 - as above

    def refused(kind: RefusalKind, sentence: str, code: str) -> Refusal:
        return Refusal(kind, sentence, code=code, usage=_NOTHING_BILLED)

    for link in chain:
        match link:
            case httpx2.ConnectError() if any(map(_is_tls, chain)):
                # A repeat meets the same certificate, so a person has to look.
                return refused(
                    RefusalKind.REQUEST,
                    f"The certificate of {host} was not accepted, or it speaks no TLS; check the"
                    " host, the port and https in base_url, and SSL_CERT_FILE for a private CA.",
                    RefusalCode.TLS,
                )
            case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.ProxyError():
                return refused(
                    RefusalKind.TRANSIENT,
                    f"No connection to {host}; check base_url, its port and its http or https,"
                    " the network, and that the server runs.",
                    RefusalCode.UNREACHABLE,
                )
            case httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
                return refused(
                    RefusalKind.REQUEST,
                    "base_url is no URL that can be called; write it as https://HOST/PATH.",
                    RefusalCode.UNREACHABLE,
                )
            case httpx2.LocalProtocolError() | UnicodeEncodeError(encoding="ascii"):
                # Of all that is in the headers only the key can have a wrong form.
                return refused(
                    RefusalKind.CREDENTIAL,
                    "The key has characters that HTTP cannot carry; enter it anew, without"
                    " blanks and line ends.",
                    RefusalCode.UNREACHABLE,
                )
    return None


def _fault_of_reading(chain: list[BaseException], host: str, limits: TimeLimits) -> Refusal | None:
    """What went wrong after that; nobody knows what it cost."""
    import httpx2  # noqa: PLC0415 - as above

    for link in chain:
        match link:
            case httpx2.TimeoutException():
                return Refusal(
                    RefusalKind.TRANSIENT,
                    f"{host} was silent for {limits.idle:g} s, so the call was given up; raise"
                    " the idle limit if the model needs longer.",
                    code=RefusalCode.STALLED,
                )
            case httpx2.NetworkError() | httpx2.RemoteProtocolError():
                return cut(f"The connection to {host} broke")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first.

    `from None` ends nothing here: the connection pool hides the error of TLS by it.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _is_tls(error: BaseException) -> bool:
    """Whether TLS itself failed, and not the connection below it, whose end is an SSLError too."""
    return isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)


def _host(chain: list[BaseException]) -> str:
    import httpx2  # noqa: PLC0415 - as above

    for link in chain:
        with suppress(RuntimeError):  # what httpx2 raises where the request is not known
            request = getattr(link, "request", None)
            if isinstance(request, httpx2.Request):
                return request.url.host
    return "the server"


def _plain(text: str, secret: str | None, limit: int) -> str:
    """A text from outside on one line, without the secret, cut."""
    return printable(" ".join(mask_quoted(text, secret or "").split()), limit)
