import pytest

from agentos.core.items import Kind
from agentos.core.outcomes import Outcome
from agentos.reporting.advice import TO_GO_ON, advice, folded, to_go_on, to_revise

AGAIN = "type the same command again"


def test_a_sentence_is_for_what_there_is() -> None:
    assert advice(Kind.LLD, [Outcome.APPROVED, Outcome.SKIPPED]) == []
    [revise, failed] = advice(Kind.LLD, [Outcome.FAILED, Outcome.NEEDS_REVISION, Outcome.FAILED])
    assert revise == to_revise(Kind.LLD)
    assert failed.startswith("failed: the reason stands above")
    [interrupted] = advice(Kind.LLD, [Outcome.INTERRUPTED])
    assert "state folder" in interrupted
    assert all(AGAIN in sentence for sentence in (revise, failed, interrupted))


@pytest.mark.parametrize(("kind", "file"), [(Kind.LLD, "issues/"), (Kind.ISSUE, "ideas/active/")])
def test_what_needs_revision_says_where_to_read_and_what_to_edit(kind: Kind, file: str) -> None:
    sentence = to_revise(kind)
    assert "the document says under its title what is missing" in sentence
    assert f"file in {file} and {AGAIN}" in sentence


@pytest.mark.parametrize("cause", TO_GO_ON)
def test_where_means_ran_out_the_same_command_alone_is_no_advice(cause: str) -> None:
    interrupted = [Outcome.INTERRUPTED, Outcome.APPROVED]
    assert advice(Kind.LLD, interrupted, [cause]) == [TO_GO_ON[cause]]
    assert len(advice(Kind.LLD, [*interrupted, Outcome.FAILED], [cause])) == 2
    assert len(advice(Kind.LLD, interrupted, ["another"])) == 1


def test_of_a_quota_that_comes_back_the_time_is_told() -> None:
    told = to_go_on("credentials", "14:05")
    assert "run the command again after 14:05" in told
    assert told.endswith("type: agentos credentials test")
    assert advice(Kind.LLD, [], ["credentials"], "14:05") == [told]
    assert to_go_on("budget", "14:05") == TO_GO_ON["budget"]
    assert to_go_on("credentials") == TO_GO_ON["credentials"]


def test_a_sentence_fits_a_narrow_screen() -> None:
    everything = [sentence for kind in Kind for sentence in advice(kind, Outcome)]
    for sentence in [*everything, *TO_GO_ON.values(), to_go_on("credentials", "14:05")]:
        first, *rest = folded(sentence)
        assert all(len(line) <= 80 for line in (first, *rest))
        assert all(line.startswith("  ") for line in rest)
        assert " ".join([first, *(line.strip() for line in rest)]) == sentence


def test_the_name_of_an_item_is_never_cut_in_two() -> None:
    label = "ISSUE-" + "long-name-" * 9
    assert folded(f"{label} needs revision") == [label, "  needs revision"]
