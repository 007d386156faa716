"""Text from outside made harmless for a terminal: one line of it, or a stream of lines."""

import re
import unicodedata

MAX_LINE = 64 * 1024
"""Bytes of a line that are shown in one piece."""

CUT_MARK = " [line goes on]"
"""Ends every piece of a line over MAX_LINE but the last."""

_ELLIPSIS = "…"
_JOINERS = "\u200c\u200d"  # parts of words and of emoji

# Beyond escape sequences, what a terminal would act on or a reader be misled by: control characters
# but tab and newline, line separators, and marks that turn the direction of the text.
_UNSAFE = [*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)]
_UNSAFE += [0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ESCAPES = {code: chr(code).encode("unicode_escape").decode() for code in _UNSAFE if code != 0x1B}
_UNSAFE_CHARACTER = re.compile("[" + "".join(map(chr, _ESCAPES)) + "]")

_COLOUR = r"\[[0-9;:]*m"
_SEQUENCE = (
    r"(?:\[[0-?]*[ -/]*[@-~]"  # CSI: the cursor, erasing, modes
    r"|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC, DCS, ...: titles, links, the clipboard
    r"|[ -/]+[0-~]"  # character sets
    r"|[0-OQ-WYZ\\`-~])"  # resets, saved cursors
)
_LONE_ESCAPE = re.compile(rf"\x1b(?!{_SEQUENCE})")  # a colour is a CSI, too
_WITHOUT_COLOUR = re.compile(rf"\x1b(?!{_COLOUR}){_SEQUENCE}")
_ANY_SEQUENCE = re.compile(rf"\x1b{_SEQUENCE}")

# The last colour of a line, unless it is a plain reset.
_COLOUR_LEFT_ON = re.compile(rf"\x1b(?!\[[0;]*m){_COLOUR}[^\x1b\n]*$", re.MULTILINE)
_RESET = "\x1b[0m"

_PLAIN = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
_RETURNS_BEFORE_NEWLINE = re.compile(rb"(?<!\r)\r+\n")
_EARLIER_STATES = re.compile(rb"^[^\n]*\r", re.MULTILINE)
_SEGMENT = re.compile(rb"[^\r\n]+")
_LONGEST_SEQUENCE = 32  # bytes; a cut keeps out of an escape sequence up to this length


def printable(text: str, limit: int | None = None) -> str:
    r"""`text` on one line, what is not printable as `\x1b`, at most `limit` characters long.

    >>> printable("a\tb\x1b[0m")
    'a\\tb\\x1b[0m'
    """
    if limit is None:
        return "".join(map(_shown, text))
    shown = [_shown(char) for char in text[: limit + 1]]
    if sum(map(len, shown)) <= limit:
        return "".join(shown)
    while sum(map(len, shown)) > limit - len(_ELLIPSIS):
        shown.pop()
    return "".join(shown) + _ELLIPSIS


def _shown(char: str) -> str:
    if char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs":
        return char
    return char.encode("unicode_escape").decode()


def without_sequences(text: str) -> str:
    """`text` without its escape sequences, colours among them; all else is left as it is."""
    return _ANY_SEQUENCE.sub("", text)


class LineCleaner:
    r"""A stream of bytes as complete lines that are safe to show; where it is cut does not matter.

    Lines end at `\n` only; `\r` starts a line over, so that progress shows its last state. Colours
    pass and end with their line, other escape sequences are taken out, what else a terminal would
    act on, and bad UTF-8, is shown escaped. A line over MAX_LINE goes out in pieces ending in
    CUT_MARK: no more than that is ever kept.
    """

    def __init__(self) -> None:
        self._pending = bytearray()  # the line that has begun: its last state, then maybe one \r

    def feed(self, chunk: bytes) -> bytes:
        """The lines that this chunk completes."""
        if len(self._pending) + len(chunk) <= MAX_LINE and b"\n" not in chunk:
            self._pending += chunk
            if b"\r" in chunk:
                self._pending = _last_state(self._pending)
            return b""
        data = bytes(self._pending) + chunk if self._pending else chunk
        if _has_long_line(data):
            data = _SEGMENT.sub(_cut, data)
        end = data.rfind(b"\n") + 1
        self._pending = _last_state(bytearray(data[end:]))
        return _clean(data[:end])

    def finish(self) -> bytes:
        """The last line, if it has no newline of its own."""
        rest, self._pending = bytes(self._pending), bytearray()
        return _clean(rest + b"\n") if rest else b""


def _last_state(line: bytearray) -> bytearray:
    r"""What the next bytes go on from: the text since the last `\r`, unless they are more `\r`."""
    text = line.rstrip(b"\r")
    state = text[text.rfind(b"\r") + 1 :]
    return state if len(text) == len(line) else state + b"\r"


def _has_long_line(data: bytes) -> bool:
    start = 0
    while len(data) - start > MAX_LINE:
        newline = data.rfind(b"\n", start, start + MAX_LINE + 1)
        if newline < 0:
            return True
        start = newline + 1
    return False


def _cut(segment: re.Match[bytes]) -> bytes:
    text = segment[0]
    pieces = []
    start = 0
    while len(text) - start > MAX_LINE:
        end = start + MAX_LINE
        while end > start + MAX_LINE - 3 and text[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        sequence = text.rfind(b"\x1b", end - _LONGEST_SEQUENCE, end)
        end = end if sequence < 0 else sequence
        pieces.append(text[start:end] + CUT_MARK.encode() + b"\n")
        start = end
    return b"".join(pieces) + text[start:]


def _clean(lines: bytes) -> bytes:
    """Whole lines, each with its newline, cleaned all at once."""
    if not lines.translate(None, delete=_PLAIN):
        return lines
    if b"\r" in lines:
        lines = _RETURNS_BEFORE_NEWLINE.sub(b"\n", lines)
        lines = _EARLIER_STATES.sub(b"", lines)
    text = lines.decode("utf-8", "backslashreplace")
    if "\x1b" in text:
        text = _LONE_ESCAPE.sub(r"\\x1b", text)
        text = _WITHOUT_COLOUR.sub("", text)
        text = _COLOUR_LEFT_ON.sub(rf"\g<0>{_RESET}", text)
    if _UNSAFE_CHARACTER.search(text):
        text = text.translate(_ESCAPES)
    return text.encode()
