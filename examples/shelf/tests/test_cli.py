from pathlib import Path

import pytest
from conftest import Calendar

from shelf.cli import main


@pytest.fixture(autouse=True)
def own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text('database = "shelf.db"\n')
    monkeypatch.setenv("SHELF_CONFIG", str(path))


def test_the_life_of_a_loan(calendar: Calendar, capsys: pytest.CaptureFixture[str]) -> None:
    def shelf(*argv: str) -> str:
        assert main(argv, today=calendar) == 0
        return capsys.readouterr().out

    assert shelf("search") == "The shelf is empty.\n"
    assert shelf("add", "Momo", "Michael Ende") == "Added 1: Momo, by Michael Ende\n"
    assert shelf("lend", "1", "Ada") == "Lent Momo to Ada, due back on 2024-06-28\n"
    assert shelf("search", "momo").endswith("(lent to Ada until 2024-06-28)\n")
    calendar.pass_days(30)
    assert shelf("loans", "--overdue") == "   1  2024-06-28  Ada: Momo, 2 days late\n"
    assert shelf("return", "1") == "Momo is back from Ada, 2 days late\n"
    assert shelf("loans") == "Nothing is lent.\n"


def test_a_refusal_is_one_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lend", "7", "Ada"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "shelf: there is no book with the number 7\n")


def test_export_writes_the_file_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["add", "Momo", "Michael Ende"])
    assert main(["export", "markdown", "-o", str(tmp_path / "books.md")]) == 0
    assert "| Michael Ende | Momo |" in (tmp_path / "books.md").read_text()
    assert main(["export", "csv", "-o", str(tmp_path / "nowhere" / "books.csv")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_a_mistyped_command_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lennd", "1", "Ada"])
    assert ended.value.code == 2
