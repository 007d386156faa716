"""The main job with a real language model, behind a server that nobody here wrote.

The model is tiny, so what it writes is nonsense: the path is tested, not the documents. Run by
`make test-real-model`, which installs server and weights beside.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from audits import call_ends, call_events
from command import Workspace, wait_until
from loopback import user_config

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(900)]

PYTHON = "REAL_MODEL_PYTHON"
ITEMS = 10
SMALL = """
[providers.openai]
max_input_tokens = 1200
max_output_tokens = 32
idle_timeout = 600
[providers.anthropic]
max_input_tokens = 1200
max_output_tokens = 32
idle_timeout = 600
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [os.environ[PYTHON], Path(__file__).with_name("serve.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    with process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), log.read_text()
        yield address
        process.kill()


@pytest.fixture
def backlog(tmp_path: Path, own_home: Path) -> Workspace:
    """Ten short issues."""
    user_config(own_home, SMALL)
    root = tmp_path / "small"
    (root / "issues").mkdir(parents=True)
    for number in range(1, ITEMS + 1):
        text = f"# Sort by column {number}\n\n## Requirements\n\n- Sort by column {number}.\n"
        (root / "issues" / f"{number:03}-sort.md").write_text(text)
    return Workspace(root, tmp_path)


def test_ten_children_are_interrupted_and_resumed(backlog: Workspace, server: str) -> None:
    command = ("parallel", "lld", "--all", "-j", "10", "--timeout", "800")
    models = ("--drafter", "openai/smollm2", "--reviewer", "anthropic/smollm2")
    variables = {"OPENAI_BASE_URL": f"{server}/v1", "ANTHROPIC_BASE_URL": server}

    running = backlog.start(*command, *models, **variables)
    running.wait_for_children(ITEMS)
    wait_until(lambda: _finished_calls(backlog), "the model has answered", patience=600)
    running.process.send_signal(signal.SIGINT)
    code, output = running.finish()
    assert code == -signal.SIGINT, output
    assert len(backlog.journals) == ITEMS

    code, output = backlog.start(*command, *models, **variables).finish(patience=800)
    print(output)  # noqa: T201 - to be looked at
    assert code in (0, 3), output
    assert backlog.journals == []
    assert len(list((backlog.root / "docs/lld/active").glob("LLD-*.md"))) == ITEMS
    backlog.assert_no_step_ran_twice()

    ends = call_ends(backlog.runs)  # each call has one start and one end
    assert {end for _, end in ends} <= {"answered", "abandoned"}
    for event in call_events(backlog.runs, "call_finished"):
        assert event["usage_known"], event
        assert 0 < event["input_tokens"] <= event["most_input_tokens"]
        assert 0 < event["output_tokens"] <= 32
    asked = {event["model"] for event in call_events(backlog.runs, "call_finished")}
    assert asked == {"openai/smollm2", "anthropic/smollm2"}


def _finished_calls(backlog: Workspace) -> bool:
    return bool(list(call_events(backlog.runs, "call_finished")))
