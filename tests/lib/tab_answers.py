"""The answers to Tab, as the shells get them."""

from agentos.cli import main
from agentos.cli.completion import answer
from agentos.cli.completion.scripts import BEFORE, LINE, WORD


def lines_for(shell: str, before: str, after: str = "", word: str = "") -> list[str]:
    """The answer to Tab behind `agentos BEFORE`."""
    line = f"agentos {before}"
    environ = {BEFORE: line, LINE: line + after, WORD: word}
    return answer.answered(main.agentos, f"{shell}_complete", environ).splitlines()


def words(before: str, after: str = "") -> list[str]:
    """The words that are offered behind `agentos BEFORE`."""
    return [line.partition(",")[2].partition("\t")[0] for line in lines_for("fish", before, after)]
