from dataclasses import replace
from pathlib import Path

import pytest
from workbench import Workbench

from agentos.core.calls import Answer, Request, RequestKind, Usage
from agentos.core.errors import Interrupted, ItemError, ModelError
from agentos.core.events import Decided, StepFinished, StepRestored, StepStarted
from agentos.core.items import Item, Kind
from agentos.core.paths import StatePaths
from agentos.workflows.journal import read_journal
from agentos.workflows.task import Task

REQUEST = Request(RequestKind.DRAFT_LLD, source="An issue.")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def never() -> str:
    pytest.fail("a finished step ran again")


def nobody(_request: Request) -> Answer:
    pytest.fail("an answer was paid for twice")


def stopped() -> None:
    raise Interrupted("stopped before the next step")


class TestSteps:
    def test_a_step_is_done_recorded_and_told(self, bench: Workbench) -> None:
        with bench.steps() as steps:
            assert steps.run("load", lambda: {"text": "An issue."}) == {"text": "An issue."}
            record = steps.journal.find("load")
        assert record is not None
        assert record.output == {"text": "An issue."}
        assert (record.seconds, record.usage) == (0.5, Usage())
        assert record.started == "2026-01-31T12:00:00.000Z"
        assert bench.events == [
            StepStarted(step="load"),
            StepFinished(step="load", seconds=0.5),
        ]

    def test_on_resume_it_is_restored_and_not_repeated(self, bench: Workbench) -> None:
        with bench.steps() as steps:
            steps.run("load", lambda: "An issue.")
        with bench.steps() as steps:
            assert steps.run("load", never) == "An issue."
        assert bench.events == [StepRestored(step="load")]

    def test_what_it_gives_is_what_a_resume_would_give(self, bench: Workbench) -> None:
        with bench.steps() as steps:
            first: object = steps.run("files", lambda: {"1": [("a", "b")]})
        with bench.steps() as steps:
            second: object = steps.run("files", never)
        assert first == second == {"1": [["a", "b"]]}

    def test_an_event_goes_out_after_its_step_is_on_disk(self, bench: Workbench) -> None:
        found: list[tuple[str, ...]] = []
        with bench.steps() as steps:

            def look(_event: object) -> None:
                snapshot = read_journal(bench.path)
                assert snapshot is not None
                found.append(snapshot.steps)

            steps._emit = look
            steps.run("load", lambda: "")
        assert found == [(), ("load",)]

    def test_a_step_that_fails_is_not_recorded(self, bench: Workbench) -> None:
        def fail() -> str:
            raise ItemError("no")

        with bench.steps() as steps, pytest.raises(ItemError):
            steps.run("load", fail)
        assert bench.events == [StepStarted(step="load")]
        with bench.steps() as steps:
            assert steps.run("load", lambda: "now") == "now"

    def test_a_stop_is_heeded_before_a_step_that_is_not_done(self, bench: Workbench) -> None:
        with bench.steps() as steps:
            steps.run("load", lambda: "An issue.")
        with bench.steps(check=stopped) as steps:
            assert steps.run("load", never) == "An issue."
            with pytest.raises(Interrupted):
                steps.run("draft", never)
        assert bench.events == [StepRestored(step="load")]

    def test_a_model_call_is_a_step_with_its_usage(self, bench: Workbench) -> None:
        asked: list[Request] = []

        def complete(request: Request) -> Answer:
            asked.append(request)
            return Answer("# A draft", "embedded", Usage(7, 9))

        for _ in range(2):
            with bench.steps() as steps:
                assert steps.ask("draft", complete, REQUEST) == "# A draft"
                assert steps.journal.total_usage == Usage(7, 9)
        assert asked == [REQUEST]
        assert bench.events == [StepRestored(step="draft")]

    def test_tokens_are_told(self, bench: Workbench) -> None:
        with bench.steps() as steps:
            steps.ask("draft", lambda _request: Answer("", "embedded", Usage(7, 9)), REQUEST)
        assert bench.events[-1] == StepFinished(
            step="draft", seconds=0.5, input_tokens=7, output_tokens=9
        )

    def test_a_call_of_which_nobody_tells_what_it_took_counts_as_nothing(
        self, bench: Workbench
    ) -> None:
        with bench.steps() as steps:
            steps.ask("draft", lambda _request: Answer("", "command/llm"), REQUEST)
            assert steps.journal.total_usage == Usage()

    def test_an_answer_that_ends_at_the_models_limit_is_kept_and_that_is_told(
        self, bench: Workbench
    ) -> None:
        cut = Answer("# A dra", "openai/m", Usage(7, 9), truncated=True)
        with bench.steps() as steps:
            assert steps.ask("draft", lambda _request: cut, REQUEST) == "# A dra"
        assert bench.said == [
            "draft: the answer ends at the model's output limit (max_output_tokens)"
        ]
        assert bench.events == [
            StepStarted(step="draft"),
            Decided(decision="keep a cut answer", reason="it ends at the model's output limit"),
            StepFinished(step="draft", seconds=0.5, input_tokens=7, output_tokens=9),
        ]
        with bench.steps() as steps:
            assert steps.ask("draft", nobody, REQUEST) == "# A dra"
        assert bench.said == []
        assert bench.events == [StepRestored(step="draft")]

    def test_a_refusal_passes_through(self, bench: Workbench) -> None:
        def refuse(_request: Request) -> Answer:
            raise ModelError("refused")

        with bench.steps() as steps, pytest.raises(ModelError, match="refused"):
            steps.ask("draft", refuse, REQUEST)

    def test_a_decision_is_told_with_its_reason(self, bench: Workbench) -> None:
        with bench.steps() as steps:
            steps.decide("approve", "round 1 found nothing")
        assert bench.events == [Decided(decision="approve", reason="round 1 found nothing")]


class TestTask:
    def task(self, source: bytes, project: Path = Path("/project")) -> Task:
        def ask(_request: Request) -> Answer:
            return Answer("", "embedded")

        return Task(
            Item(Kind.LLD, "42", "A title", project / "issues" / "042-a-title.md"),
            project=project,
            state=StatePaths(project / ".agentos"),
            source=source,
            rounds=3,
            context_bytes=100_000,
            drafter=ask,
            reviewer=ask,
        )

    @pytest.mark.parametrize("source", ["# Größe", "\ufeff# Größe"])
    def test_the_text_is_utf8_with_or_without_its_mark(self, source: str) -> None:
        assert self.task(source.encode()).text() == "# Größe"

    def test_a_title_in_the_front_matter_says_something(self) -> None:
        source = "---\ntitle: A title\n---\n"
        assert self.task(source.encode()).text() == source

    @pytest.mark.parametrize(
        ("source", "sentence", "hint"),
        [
            (
                b"# Gr\xf6\xdfe",
                "042-a-title.md is not UTF-8 text (byte 4)",
                "save it as UTF-8 and run again",
            ),
            (
                b"---\nstate: [\n---\n# A title",
                "042-a-title.md: The front matter is not valid YAML",
                "mend its front matter and run again",
            ),
            *(
                (empty, "042-a-title.md is empty", "write into it what is wanted and run again")
                for empty in (b"", b"\xef\xbb\xbf \r\n\n", b"---\nstate: open\n---\n\n")
            ),
        ],
    )
    def test_what_cannot_be_read_is_named_with_its_place(
        self, source: bytes, sentence: str, hint: str
    ) -> None:
        with pytest.raises(ItemError) as caught:
            self.task(source).text()
        assert str(caught.value).startswith(sentence)
        assert caught.value.hint == hint

    def test_code_is_what_the_source_names(self, tmp_path: Path) -> None:
        (tmp_path / "shelf.py").write_text("BOOKS = 7\n")
        assert "BOOKS = 7" in self.task(b"", tmp_path).code("Change `shelf.py`.")

    def test_code_and_source_together_keep_within_the_context(self, tmp_path: Path) -> None:
        (tmp_path / "shelf.py").write_text("".join(f"BOOK_{n} = {n}\n" for n in range(2000)))
        source = b"Change `shelf.py`." + b" " * 4_000
        whole, half, none = (
            replace(self.task(source, tmp_path), context_bytes=room).code(source.decode())
            for room in (100_000, 9_000, 0)
        )
        assert "BOOK_1999" in whole
        assert "BOOK_1 = 1" in half
        assert len(half.encode()) <= 5_000
        assert "BOOK_1 = 1" not in none

    def test_a_project_that_cannot_be_read_fails_the_item(self, tmp_path: Path) -> None:
        with pytest.raises(ItemError, match="missing cannot be read: No such file or directory"):
            self.task(b"", tmp_path / "missing").code("")
