import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentos.core import terminal_text
from agentos.core.terminal_text import CUT_MARK, MAX_LINE, LineCleaner, printable

MARK = CUT_MARK.encode()
RESET = b"\x1b[0m"

# What terminals, progress bars and hostile programs are made of.
TOKENS = st.sampled_from(
    [
        *(b"a", b"word ", b"\n", b"\r", b"\r\n", b"\t", b"\x00", b"\x07", b"y" * 30),
        *(b"\x1b", b"\x1b[31m", b"\x1b[0m", b"\x1b[2K", b"\x1b]0;t", b"\x1bc", b"\x1b(B"),
        *(b"\x1b\\", b"\x1b[", b"31", b"m", b";", b"\xc3", b"\xff"),
        *(char.encode() for char in "é\u2028\x85\x9b"),
    ]
)
STREAMS = st.lists(TOKENS | st.binary(max_size=5), max_size=40).map(b"".join)


def clean(data: bytes, *cuts: int) -> bytes:
    cleaner = LineCleaner()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return b"".join(cleaner.feed(data[a:b]) for a, b in pairwise(edges)) + cleaner.finish()


class TestPrintable:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain [/red] text", "plain [/red] text"),
            ("Ελληνικά 日本\u3000語 a\u00a0b", "Ελληνικά 日本\u3000語 a\u00a0b"),
            ("👩\u200d💻", "👩\u200d💻"),
            ("a\x1b[31mb", "a\\x1b[31mb"),
            ("two\nlines\r\t\0", "two\\nlines\\r\\t\\x00"),
            ("\u202eevil\u2066", "\\u202eevil\\u2066"),
            ("\u2028\u2029\x85\x9b", "\\u2028\\u2029\\x85\\x9b"),
            ("\udc80", "\\udc80"),
            ("", ""),
        ],
    )
    def test_what_is_not_printable_is_escaped(self, text: str, shown: str) -> None:
        assert printable(text) == shown

    def test_what_is_too_long_ends_in_an_ellipsis(self) -> None:
        assert printable("x" * 10, 10) == "x" * 10
        assert printable("x" * 5000, 10) == "x" * 9 + "…"

    def test_an_escape_is_never_cut(self) -> None:
        assert printable("ab\x1b", 6) == "ab\\x1b"
        assert printable("ab\x1bc", 6) == "ab…"

    @given(st.text(), st.integers(1, 20))
    def test_the_result_is_one_short_printable_line(self, text: str, limit: int) -> None:
        shown = printable(text, limit)
        assert len(shown) <= limit
        assert len(shown.splitlines()) <= 1
        assert "\x1b" not in shown


class TestLines:
    def test_complete_lines_go_out_at_once_and_others_wait(self) -> None:
        cleaner = LineCleaner()
        assert cleaner.feed(b"one\ntwo\nthr") == b"one\ntwo\n"
        assert cleaner.feed(b"") == b""
        assert cleaner.feed(b"ee") == b""
        assert cleaner.feed(b"\n") == b"three\n"
        assert cleaner.finish() == b""

    def test_a_last_line_without_newline_is_ended(self) -> None:
        cleaner = LineCleaner()
        assert cleaner.feed(b"end") == b""
        assert cleaner.finish() == b"end\n"
        assert cleaner.finish() == b""

    def test_only_a_newline_ends_a_line(self) -> None:
        data = "a\vb\fc\x1cd\x85e\u2028f\u2029g\n".encode()
        assert clean(data) == rb"a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g" + b"\n"

    def test_plain_text_is_passed_on_as_it_is(self) -> None:
        data = b"tabs\tand text\n\n" * 100
        assert LineCleaner().feed(data) is data

    def test_good_utf8_passes_and_bad_is_escaped(self) -> None:
        assert clean("naïve 日本\n".encode()) == "naïve 日本\n".encode()
        assert clean(b"caf\xe9 \xc3\n\xa9\n") == rb"caf\xe9 \xc3" + b"\n" + rb"\xa9" + b"\n"


class TestCarriageReturns:
    @pytest.mark.parametrize(
        ("data", "shown"),
        [
            (b"a\r\nb\r\r\n", b"a\nb\n"),
            (b"10%\r50%\r100%\n", b"100%\n"),
            (b"10%\r50%\r100%\r\n", b"100%\n"),
            (b"10%\r50%\r", b"50%\n"),
            (b"\rx\ny\n\r\n", b"x\ny\n\n"),
            (b"10%\r\x1b[2Kdone\n", b"done\n"),
        ],
    )
    def test_progress_collapses_to_its_last_state(self, data: bytes, shown: bytes) -> None:
        assert clean(data) == shown
        assert clean(data, *range(len(data))) == shown

    def test_progress_without_end_is_kept_short(self) -> None:
        cleaner = LineCleaner()
        for percent in range(3000):
            assert cleaner.feed(b"%d%% %s\r" % (percent, b"." * 100)) == b""
        assert len(cleaner._pending) < 200
        assert cleaner.feed(b"x" * (MAX_LINE - 1)) == b""
        assert cleaner.finish() == b"x" * (MAX_LINE - 1) + b"\n"


class TestEscapeSequences:
    @pytest.mark.parametrize(
        "sequence",
        [
            *(b"\x1b[2J", b"\x1b[?1049h", b"\x1b[10;20H", b"\x1b[>4;1m", b"\x1b[6n"),
            *(b"\x1bc", b"\x1b7", b"\x1b(B"),
            *(b"\x1b]0;title\x07", b"\x1b]52;c;ZXZpbA==\x1b\\", b"\x1b]8;;http://x\x1b\\"),
            *(b"\x1bP1$r\x1b\\", b"\x1b_app\x1b\\", b"\x1b^pm\x1b\\", b"\x1bXsos\x1b\\"),
        ],
    )
    def test_all_but_colours_are_taken_out(self, sequence: bytes) -> None:
        assert clean(b"a" + sequence + b"b\n") == b"ab\n"

    @pytest.mark.parametrize(
        ("data", "shown"),
        [
            (b"\x1b]0;no end\n\x07", rb"\x1b]0;no end" + b"\n" + rb"\x07" + b"\n"),
            (b"\x1b", rb"\x1b" + b"\n"),
            (b"\x1b\x1b[31\x07m", rb"\x1b\x1b[31\x07m" + b"\n"),
            (b"\x1b\x1b[K[2J", rb"\x1b[2J" + b"\n"),
            ("\x9b2J".encode(), rb"\x9b2J" + b"\n"),
            (b"\x9b2J\x08\x00\x7f", rb"\x9b2J\x08\x00\x7f" + b"\n"),
            ("\u202eevil".encode(), rb"\u202eevil" + b"\n"),
        ],
    )
    def test_what_is_no_whole_sequence_is_shown_escaped(self, data: bytes, shown: bytes) -> None:
        assert clean(data) == shown

    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            (b"\x1b[31mred\x1b[0m", b"\x1b[31mred\x1b[0m"),
            (b"\x1b[31mred\x1b[m ok", b"\x1b[31mred\x1b[m ok"),
            (b"\x1b[31mred", b"\x1b[31mred" + RESET),
            (b"\x1b[0;31mred", b"\x1b[0;31mred" + RESET),
            (b"\x1b[38:2::1:2:3mtrue\x1b[Kcolour", b"\x1b[38:2::1:2:3mtruecolour" + RESET),
            (
                b"\x1b[0mplain\x1b[1mbold\x1b[32mgreen",
                b"\x1b[0mplain\x1b[1mbold\x1b[32mgreen" + RESET,
            ),
        ],
    )
    def test_colours_pass_and_end_with_their_line(self, line: bytes, shown: bytes) -> None:
        assert clean(line + b"\nnext\n") == shown + b"\nnext\n"


class TestLongLines:
    def test_a_line_that_just_fits_is_whole(self) -> None:
        line = b"x" * MAX_LINE
        assert clean(b"first\n" + line + b"\r\nlast") == b"first\n" + line + b"\nlast\n"

    def test_a_longer_one_comes_in_marked_pieces(self) -> None:
        shown = clean(b"x" * (2 * MAX_LINE + 1) + b"\nlast")
        piece = b"x" * MAX_LINE + MARK
        assert shown == piece + b"\n" + piece + b"\nx\nlast\n"

    def test_no_character_and_no_sequence_is_cut(self) -> None:
        euro = "€".encode()
        first, rest, _ = clean(b"x" * (MAX_LINE - 2) + euro).split(b"\n")
        assert (first, rest) == (b"x" * (MAX_LINE - 2) + MARK, euro)
        first, rest, _ = clean(b"x" * (MAX_LINE - 2) + b"\x1b[2Jy").split(b"\n")
        assert (first, rest) == (b"x" * (MAX_LINE - 2) + MARK, b"y")
        assert len(clean(b"\x80" * (MAX_LINE + 1)).split(b"\n")) == 3

    def test_a_line_without_end_takes_no_memory(self) -> None:
        cleaner = LineCleaner()
        chunk = b"y" * 50_000
        lines = b"".join(cleaner.feed(chunk) for _ in range(60)).split(b"\n")
        assert len(cleaner._pending) <= MAX_LINE
        assert {len(line) for line in lines[:-1]} == {MAX_LINE + len(MARK)}


@given(STREAMS, st.lists(st.integers(0, 300), max_size=10))
@example(b"ab\r\ncd\r\r\nef\rgh", list(range(20)))
def test_where_the_bytes_are_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    assert clean(data, *cuts) == clean(data)


@given(STREAMS, st.lists(st.integers(0, 300), max_size=10))
def test_nor_does_it_where_lines_are_cut_into_pieces(data: bytes, cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal_text, "MAX_LINE", 48)
        assert clean(data, *cuts) == clean(data)


@given(STREAMS)
def test_only_harmless_lines_come_out(data: bytes) -> None:
    shown = clean(data)
    text = re.sub(r"\x1b\[[0-9;:]*m", "", shown.decode())
    assert not re.search(r"[^\t\n\x20-\x7e\xa0-\u2027\u2030-\u2065\u206a-\U0010ffff]", text)
    assert shown.count(b"\n") == data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    for line in shown.splitlines():
        colours = re.findall(rb"\x1b\[([0-9;:]*)m", line)
        assert not colours or not colours[-1].strip(b"0;")
