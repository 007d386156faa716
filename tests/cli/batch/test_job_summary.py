"""What is added to the page of a CI job, and what is not; how runs end there is in tests/e2e."""

import errno
import os
from pathlib import Path

import pytest
from command import Agentos

from agentos.cli.batch.job_summary import VARIABLE, JobSummary
from agentos.reporting.step_summary import StepSummary

MEBIBYTE = 1024 * 1024
DRY_RUN = ("parallel", "lld", "--all", "--dry-run")


@pytest.fixture
def page(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the summary goes; there is one issue."""
    (project / "issues").mkdir()
    (project / "issues/042-lend.md").write_text("# Lend <b>books</b> | @all\n\nLend books.\n")
    path = tmp_path / "page.md"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_a_dry_run_adds_its_forecast_to_what_is_there(page: Path, agentos: Agentos) -> None:
    page.write_text("an earlier step, without a newline")
    code, output = agentos(*DRY_RUN)
    assert code == 0, output
    assert page.read_text().splitlines() == [
        "an earlier step, without a newline",
        "### agentos: Dry run: 1 of 1 items would run.",
        "",
        "| item | title | what would happen |",
        "| --- | --- | --- |",
        "| LLD-42 | Lend &#60;b&#62;books&#60;/b&#62; &#124; @&#8203;all | new |",
        "",
    ]
    agentos(*DRY_RUN)
    assert page.read_text().count("### agentos") == 2


def test_a_forecast_says_what_it_would_take(
    page: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    code, output = agentos(*DRY_RUN, "--drafter", "openai/x")
    assert code == 0, output
    assert "| item | title | what would happen | what it would take |" in page.read_text()
    assert "- In total with openai/x and openai/x: " in page.read_text()


def test_a_backlog_without_an_open_item_is_said_to_have_none(page: Path, agentos: Agentos) -> None:
    for issue in page.parent.glob("shelf/issues/*"):
        issue.unlink()
    assert agentos("parallel", "lld", "--all")[0] == 0
    assert page.read_text() == (
        "### agentos: nothing to do: the backlog has no open item\n\n- No run, exit code 0\n\n"
    )


def test_a_command_that_cannot_begin_says_why(page: Path, agentos: Agentos) -> None:
    code, output = agentos("parallel", "lld", "43")
    assert code == 2
    assert "There is no issue 43" in output
    headline, _, hint, end, _ = page.read_text().splitlines()
    assert headline == "### agentos: There is no issue 43"
    assert hint.removeprefix("- ") in output
    assert end == "- No run, exit code 2"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("lld", "Say which items: "),
        ("lld --all -q -v", "-q and -v contradict each other"),
        ("lld --all -j 0", "Invalid value for '-j'"),
        ("lld --all --dryrun", "There is no option '--dryrun'. Did you mean '--dry-run'?"),
        ("ldl --all", "Did you mean 'lld'?"),
        ("lld 4/2", "Invalid identifier: path separators not allowed"),
        ("lld --all --drafter nobody/x", "nobody"),
        ("issue --all", "There is no folder "),
    ],
)
def test_whatever_keeps_a_run_from_beginning_is_told(
    page: Path, agentos: Agentos, line: str, sentence: str
) -> None:
    code, output = agentos("parallel", *line.split())
    assert code == 2
    assert sentence in output
    told = page.read_text()
    assert told.count("### agentos: ") == 1
    assert sentence.partition(" '")[0] in told.splitlines()[0]
    assert told.endswith("- No run, exit code 2\n\n")


def test_help_is_no_error(page: Path, agentos: Agentos) -> None:
    assert agentos("parallel", "lld", "--help")[0] == 0
    assert not page.exists()


def test_nothing_is_written_where_no_page_is_named(
    page: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for value in (None, ""):
        monkeypatch.delenv(VARIABLE, raising=False)
        if value is not None:
            monkeypatch.setenv(VARIABLE, value)
        code, output = agentos(*DRY_RUN)
        assert code == 0
        assert "summary" not in output
    assert sorted(tmp_path.rglob("*")) == before


def test_a_relative_path_is_seen_from_the_working_folder(
    page: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(page.parent)
    monkeypatch.setenv(VARIABLE, page.name)
    assert agentos(*DRY_RUN)[0] == 0
    assert page.read_text().startswith("### agentos: ")


def unwritable(kind: str, path: Path) -> Path:
    match kind:
        case "folder":
            path.mkdir()
        case "pipe without a reader" | "pipe with a reader":
            os.mkfifo(path)
        case "device":
            return Path("/dev/full")
        case "in no folder":
            return path / "none" / "page.md"
        case "endless name":
            return path / ("x" * 5000)
        case "with an escape sequence":
            return path / "\x1b[2J\nnone" / "page.md"
        case "full page":
            path.write_bytes(b"x" * (MEBIBYTE - 10))
    return path


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("folder", os.strerror(errno.EISDIR)),
        ("pipe without a reader", os.strerror(errno.ENXIO)),
        ("pipe with a reader", "it is not a regular file"),
        ("device", "it is not a regular file"),
        ("in no folder", os.strerror(errno.ENOENT)),
        ("endless name", os.strerror(errno.ENAMETOOLONG)),
        ("with an escape sequence", os.strerror(errno.ENOENT)),
        ("full page", "it has no room left, as a CI shows 1,048,576 bytes at most"),
    ],
)
def test_a_page_that_takes_nothing_is_one_line_of_warning(
    page: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch, kind: str, why: str
) -> None:
    path = unwritable(kind, page)
    monkeypatch.setenv(VARIABLE, str(path))
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if kind == "pipe with a reader" else None
    code, output = agentos(*DRY_RUN)
    assert code == 0
    [warning] = [line for line in output.splitlines() if VARIABLE in line]
    assert warning.startswith(f"[COORDINATOR] {VARIABLE} names /")
    assert warning.endswith(f"to which no summary can be written: {why}")
    assert "\x1b" not in output
    if reader is not None:
        os.close(reader)


def test_a_full_disk_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("agentos.cli.batch.job_summary.markdown", full)
    JobSummary({VARIABLE: str(tmp_path / "page.md")}).add(StepSummary("x"))
    assert capsys.readouterr().err.endswith("No space left on device\n")


def test_a_reader_that_is_gone_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_arguments: object, **_options: object) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    monkeypatch.setattr("agentos.cli.batch.job_summary.click.echo", gone)
    JobSummary({VARIABLE: str(tmp_path)}).add(StepSummary("x"))


def test_what_is_there_counts_for_the_limit(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"x" * (MEBIBYTE - 5000))
    rows = [(f"LLD-{number}", "t" * 100) for number in range(200)]
    JobSummary({VARIABLE: str(page)}).add(StepSummary("x", columns=("item", "title"), rows=rows))
    assert page.stat().st_size <= MEBIBYTE
    told = page.read_text()[MEBIBYTE - 5000 :]
    shown = told.count("| LLD-")
    assert 0 < shown < 200
    assert f"{200 - shown} more rows are missing here" in told


def test_a_key_that_was_typed_for_an_item_is_not_repeated(
    page: Path, agentos: Agentos, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-012345"
    for variable in ("OPENAI_API_KEY", "HOUSE_KEY"):
        monkeypatch.setenv(variable, key)
        code, output = agentos("parallel", "lld", key)
        assert code == 2
        assert "There is no issue ***\n" in output
        assert key not in output
        assert "There is no issue &#42;&#42;&#42;" in page.read_text()
        assert key not in page.read_text()
        assert key not in agentos("lld", key)[1]
        monkeypatch.delenv(variable)
        page.unlink()


@pytest.mark.parametrize("tail", ["", "x" * 200, "/more", "+more"])
def test_nor_is_one_that_nobody_knows(page: Path, agentos: Agentos, tail: str) -> None:
    key = f"sk-ant-api03-Zm9vYmFyYmF6cXV4-AbCdEf{tail}"
    for command in (("parallel", "lld"), ("parallel", "issue"), ("lld",), ("issue",)):
        code, output = agentos(*command, key)
        assert code == 2
        assert "api03" not in output
        if command[0] == "parallel":
            assert "api03" not in page.read_text()
            page.unlink()


def test_a_mistyped_name_is_repeated(page: Path, agentos: Agentos) -> None:
    for name in ("issues/042-lend-more-books.md", "a-name-of-many-plain-words"):
        _, output = agentos("parallel", "lld", name)
        assert name[:20] in output
    assert "a-name-of-many-plain-words" in page.read_text()
