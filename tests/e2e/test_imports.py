"""A child imports what it uses: an SDK costs a second and more."""

from command import Workspace
from loopback import environment

from agentos.testing import LoopbackServer, author

SDKS = {"anthropic", "openai", "google.genai", "httpx2", "pydantic"}
OF_THE_PARENT = {"click", "rich", "agentos.credentials", "agentos.workflows.parallel.coordinator"}
HEAVY = SDKS | OF_THE_PARENT


def imported(shelf: Workspace) -> set[str]:
    """Which of the heavy packages the child of the last run imported."""
    (log,) = shelf.runs[-1].glob("LLD-*.log")
    names = {line.rpartition("|")[2].strip() for line in log.read_text().splitlines()}
    assert "agentos.item_runner" in names
    return HEAVY & names


def test_a_child_imports_no_sdk_that_it_does_not_use(shelf: Workspace) -> None:
    with LoopbackServer(author) as drafts, LoopbackServer(author) as reviews:
        variables = environment(drafts, reviews) | {"PYTHONPROFILEIMPORTTIME": "1"}
        shelf.run("parallel", "lld", "042", **variables)
        assert imported(shelf) == set()

        command = ("parallel", "lld", "042", "--again")
        shelf.run(*command, "--drafter", "openai/x", "--reviewer", "embedded", **variables)
        assert imported(shelf) == {"openai", "httpx2", "pydantic"}

        shelf.run(*command, "--reviewer", "anthropic/x", **variables)
        assert imported(shelf) == {"anthropic", "httpx2", "pydantic"}
