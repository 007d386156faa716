from benchmarks.runners import rows
from benchmarks.runners.runners import agentos

# The other two runners are only there where `make compare-runners` has been typed.


def test_a_row_says_what_was_seen() -> None:
    assert rows.no_newline(agentos()) == "both lines whole, exit code 0"


def test_children_of_ours_hold_their_lifeline() -> None:
    assert rows.killed(agentos()) == "no child lives on"
