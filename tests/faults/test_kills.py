"""SIGKILL at random instants over a random backlog: nothing is lost, done twice, or half-written.

`AGENTOS_KILLS` says how many kills there are, `AGENTOS_KILL_SEED` the seed of the first round. A
seed, which is in the test's name, gives the same backlog and the same aims again; the very instant
is the machine's.
"""

import itertools
import math
import os
import random
from pathlib import Path

import pytest
from command import Workspace
from kill_rounds import ChildRound
from killed_runs import KilledRuns, Undisturbed
from random_backlog import RandomBacklog

KILLS = int(os.environ.get("AGENTOS_KILLS", "200"))
FIRST_SEED = int(os.environ.get("AGENTOS_KILL_SEED", "1"))

OF_CHILDREN, OF_RUNS = 34, 10
"""How many kills make a round."""

ITEMS_OF_A_RUN = 6


def seeds(share: float, kills_a_round: int) -> range:
    """One for each round, where that share of all kills is done."""
    rounds = math.ceil(KILLS * share / kills_a_round)
    return range(FIRST_SEED, FIRST_SEED + rounds)


@pytest.mark.parametrize("seed", seeds(0.85, OF_CHILDREN))
def test_a_child_may_be_killed_at_any_instant(tmp_path: Path, seed: int) -> None:
    ChildRound(tmp_path, os.environ, seed=seed, kills=OF_CHILDREN).run()


# What a child is given to execute when it starts.
FORGETS = """
from agentos.workflows import journal
journal.insert_step = lambda connection, step, output: None
"""

WRITES_IN_PLACE = """
import time
from agentos.publishing import files
def write(path, content):
    with path.open("wb", buffering=0) as file:
        file.write(content[:100])
        time.sleep(0.02)
        file.write(content[100:])
files.replace_file = write
"""


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [(FORGETS, "told as finished, and not recorded"), (WRITES_IN_PLACE, "is not whole")],
    ids=["a journal that forgets", "a document that is written in place"],
)
def test_what_would_break_the_promise_is_found_out(
    tmp_path: Path, fault: str, complaint: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'agentos.child' in sys.orig_argv:" + fault.replace("\n", "\n    ")
    )
    environ = os.environ | {"PYTHONPATH": str(tmp_path)}
    faulty = ChildRound(tmp_path, environ, seed=FIRST_SEED, kills=OF_CHILDREN)
    with pytest.raises(AssertionError, match=complaint):
        faulty.run()


@pytest.mark.parametrize("seed", seeds(0.15, OF_RUNS))
def test_a_supervisor_may_be_killed_at_any_instant(tmp_path: Path, seed: int) -> None:
    undisturbed = Undisturbed(project_of_run(tmp_path, "twin", seed))
    chance = random.Random(seed)
    kills = 0
    for number in itertools.count():
        shelf = project_of_run(tmp_path, f"shelf-{number}", seed)
        kills += KilledRuns(shelf, undisturbed, chance).work_off(OF_RUNS - kills)
        if kills == OF_RUNS:
            break


def project_of_run(folder: Path, name: str, seed: int) -> Workspace:
    backlog = RandomBacklog(folder / name, seed)
    for _ in range(ITEMS_OF_A_RUN):
        backlog.add_issue()
    return Workspace(backlog.root, folder)
