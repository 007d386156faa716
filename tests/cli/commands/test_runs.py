import shutil
from pathlib import Path

import pytest
from command import Agentos


def test_all_that_could_not_be_deleted_is_told_at_the_end(
    agentos: Agentos, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        if not path.name.endswith("-00a2"):
            raise PermissionError(13, "Permission denied")

    for number in (1, 2, 3):
        run = project / f".agentos/logs/parallel/20261129T120000Z-00a{number}"
        run.mkdir(parents=True)
        (run / "summary.json").write_text("{}")
    monkeypatch.setattr(shutil, "rmtree", refuse)
    code, output = agentos("runs", "prune", "--keep", "0")
    assert code == 2
    assert "1 run deleted\n" in output
    assert output.count("cannot be deleted: Permission denied") == 2
