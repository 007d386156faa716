from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from agentos.context.fitting import (
    EMPTY_BYTES,
    MAX_LIST_BYTES,
    MAX_SENTENCES_BYTES,
    MAX_UNASKED_BYTES,
    Content,
    fit,
    rendered_bytes,
)
from agentos.context.ranking import Candidate, Rank
from agentos.documents.code_context import CodeContext, parse, render


def fitted(
    contents: dict[str, bytes | Content],
    max_bytes: int = 1_000_000,
    ranks: Sequence[Rank] = (Rank.NAMED,),
    notes: Sequence[str] = (),
    others: Sequence[str] = (),
) -> CodeContext:
    """The context of candidates with these contents, whose ranks are taken in turn."""
    whole = {p: Content(c, len(c)) if isinstance(c, bytes) else c for p, c in contents.items()}
    files = {path: content.size for path, content in whole.items()} | dict.fromkeys(others, 1)
    candidates = [
        Candidate(path, ranks[n % len(ranks)], "a reason") for n, path in enumerate(whole)
    ]
    return fit(files, [*others, *whole], candidates, whole.get, notes=notes, max_bytes=max_bytes)


NAMES = st.lists(
    st.text(st.sampled_from("ab`é 漢."), min_size=1, max_size=20), min_size=1, max_size=3
).map("/".join)
DATA = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"x = 1", b"```", b"caf\xe9", b"", "漢字".encode()])).map(b"\n".join),
    st.integers(1, 400).map(lambda lines: b"some line of code\n" * lines),
)
CONTENTS = st.one_of(
    DATA,
    st.builds(Content, DATA, st.integers(0, 20_000)),
    st.builds(Content, problem=st.just("a binary file")),
)


@given(
    st.dictionaries(NAMES, CONTENTS, max_size=8),
    st.one_of(st.integers(-10, 1_500), st.integers(1_500, 12_000)),
    st.permutations(list(Rank)),
    st.lists(st.text("né", min_size=1, max_size=80), max_size=5),
    st.lists(NAMES, max_size=30, unique=True),
)
def test_the_limit_is_never_exceeded(
    contents: dict[str, bytes | Content],
    max_bytes: int,
    ranks: list[Rank],
    notes: list[str],
    others: list[str],
) -> None:
    others = [path for path in others if path not in contents]
    context = fitted(contents, max_bytes, ranks, notes, others)
    assert rendered_bytes(context) <= max(max_bytes, EMPTY_BYTES)
    assert {excerpt.path for excerpt in context.excerpts} <= set(context.files)
    assert set(context.files) <= {*contents, *others}
    everything = fitted(contents, 1_000_000, ranks, notes, others)
    if max_bytes >= EMPTY_BYTES + 100 and context != everything:
        assert context.omitted


def test_the_fence_of_the_list_is_counted_as_well() -> None:
    others = ["`" * 150, "x" * 20]
    for max_bytes in range(EMPTY_BYTES, 1000):
        notes = ["y" * 50 for _ in range(20)]
        context = fitted({}, max_bytes, notes=notes, others=others)
        assert rendered_bytes(context) <= max_bytes


def test_what_fits_exactly_is_whole() -> None:
    contents: dict[str, bytes | Content] = {"a.py": b"x = 1\n" * 900, "b.md": b"``` x\n" * 900}
    whole = fitted(contents)
    assert whole.omitted == ()
    assert [len(excerpt.text) for excerpt in whole.excerpts] == [5399, 5399]
    assert parse(render(whole)) == whole


def test_only_named_files_are_cut_and_only_where_much_of_them_fits() -> None:
    contents: dict[str, bytes | Content] = {"a.py": b"x = 1\n" * 1000, "b.py": b"x = 1\n" * 200}
    cut = fitted(contents, 4_000)
    assert [excerpt.path for excerpt in cut.excerpts] == ["a.py"]
    assert set(cut.excerpts[0].text.split("\n")) == {"x = 1"}
    assert cut.omitted[1] == "`b.py`: left out, 1,200 bytes, a reason"
    assert fitted(contents, 4_000, [Rank.ALIKE]).omitted == (
        "`a.py`: left out, 6,000 bytes, a reason",
    )
    small = fitted(contents, 2_000)
    assert [excerpt.path for excerpt in small.excerpts] == ["b.py"]
    assert small.omitted == ("`a.py`: left out, 6,000 bytes, a reason",)


def test_a_file_of_one_long_line_is_left_out() -> None:
    context = fitted({"a.js": Content(b"x" * 48_000, 10_000_000)}, 20_000)
    assert context.excerpts == ()
    assert context.omitted == ("`a.js`: left out, 10,000,000 bytes, a reason",)


def test_a_file_that_is_too_large_is_not_opened_unless_named() -> None:
    def load(path: str) -> Content:
        raise AssertionError(path)

    for rank in (Rank.NEIGHBOUR, Rank.ALIKE):
        candidates = [Candidate("a.py", rank, "a reason")]
        context = fit({"a.py": 90_000}, ["a.py"], candidates, load, notes=(), max_bytes=240_000)
        assert context.omitted == ("`a.py`: left out, 90,000 bytes, a reason",)


def test_files_that_nobody_named_have_a_limit_of_their_own() -> None:
    contents: dict[str, bytes | Content] = {f"{n}.py": b"x = 1\n" * 5000 for n in range(6)}
    context = fitted(contents, ranks=[Rank.NAMED, Rank.NEIGHBOUR, Rank.ALIKE])
    shown = {excerpt.path: len(excerpt.text) for excerpt in context.excerpts}
    assert list(shown) == ["0.py", "1.py", "2.py", "3.py"]
    assert shown["1.py"] + shown["2.py"] < MAX_UNASKED_BYTES
    assert len(context.omitted) == 2


def test_an_overview_is_counted_in_one_sentence() -> None:
    contents: dict[str, bytes | Content] = {f"{n}.py": b"x = 1\n" * 5000 for n in range(1200)}
    context = fitted(contents, ranks=[Rank.OVERVIEW])
    assert context.omitted == (
        "the issue names no file of the project; 2 of 1,200 files were read for an overview",
    )


def test_missing_files_are_nothing_and_problems_are_said() -> None:
    candidates = [Candidate(path, Rank.NAMED, "") for path in ("gone.py", "a`b.py")]
    contents = {"a`b.py": Content(problem="a binary file")}
    context = fit({}, [], candidates, contents.get, notes=["and a note"], max_bytes=1000)
    assert context == CodeContext(omitted=("`` a`b.py ``: a binary file", "and a note"))


def test_a_long_list_of_files_is_cut_and_the_folders_are_counted() -> None:
    others = [f"src/pkg{number % 9}/module_{number}.py" for number in range(5000)]
    context = fitted({"z.py": b""}, others=[*others, "src/x.py"])
    size = sum(len(path) + 1 for path in context.files)
    assert MAX_LIST_BYTES - 100 < size <= MAX_LIST_BYTES + len("z.py") + 1
    assert "z.py" in context.files
    unlisted = 5002 - len(context.files)
    assert len(context.omitted) == 1
    assert context.omitted[0].startswith(f"not listed: {unlisted:,} of 5,002 files, in `src/pkg")
    assert context.omitted[0].endswith(", 4 more folders")


def test_files_of_the_common_folder_are_counted_too() -> None:
    def sentence(*others: str) -> str:
        return fitted({}, 2000, others=others).omitted[0]

    long = "x" * 2000
    counted = sentence(f"{long}.py", f"a/{long}.py", f"a/b/{long}.py")
    assert counted == "not listed: 3 of 3 files, in `a/` (2), `./` (1)"
    assert sentence(f"a/b/{long}") == "not listed: 1 of 1 files, in `a/b/` (1)"
    counted = sentence("y.py", f"a/{long}/b.py", f"b/{long}/c.py")
    assert counted == "not listed: 2 of 3 files, in `a/` (1), `b/` (1)"
    assert sentence(f"{long}/b.py") == "not listed: 1 of 1 files"


def test_there_are_never_more_sentences_than_help() -> None:
    notes = [f"folder {number} could not be read" for number in range(10_000)]
    context = fitted({}, notes=notes)
    assert rendered_bytes(context) <= EMPTY_BYTES + MAX_SENTENCES_BYTES
    shown = len(context.omitted) - 1
    assert context.omitted[-1] == f"left out, too: {10_000 - shown:,} more"
    assert context.omitted[:-1] == tuple(notes[:shown])
    assert shown > 100
