from pathlib import Path

import pytest

from agentos.core.errors import UnsafePathError
from agentos.core.items import Item, Kind
from agentos.core.paths import (
    StatePaths,
    confined,
    journal_owner,
    state_paths,
    user_config_folder,
    user_state_folder,
)


def test_state_lies_in_the_project() -> None:
    paths = state_paths(Path("/work/shop"), {})
    assert paths.root == Path("/work/shop/.agentos")
    assert paths.checkpoints == paths.root / "checkpoints"
    assert paths.runs == paths.root / "logs/parallel"
    locks = {paths.lock, paths.numbering_lock, paths.index_lock}
    assert len(locks) == 3
    assert {lock.parent for lock in locks} == {paths.root}


def test_each_kind_of_batch_counts_its_costs_in_a_file_of_its_own() -> None:
    paths = StatePaths(Path("/p/.agentos"))
    assert paths.spending(Kind.LLD) == Path("/p/.agentos/spending-lld.ndjson")
    assert paths.spending(Kind.ISSUE) == Path("/p/.agentos/spending-issue.ndjson")


def test_agentos_home_has_a_folder_for_each_project(tmp_path: Path) -> None:
    environ = {"AGENTOS_HOME": str(tmp_path)}
    roots = {state_paths(Path(f"/{place}/My Shop"), environ).root for place in ("a", "b")}
    assert len(roots) == 2
    assert {root.parent for root in roots} == {tmp_path / "projects"}
    assert all(root.name.startswith("my-shop-") for root in roots)
    assert user_config_folder(environ) == tmp_path / "config"
    assert user_state_folder(environ) == tmp_path / "state"


def test_the_users_folders_follow_xdg() -> None:
    environ = {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}
    assert user_config_folder(environ) == Path("/c/agentos")
    assert user_state_folder(environ) == Path("/s/agentos")
    assert user_config_folder({}) == Path.home() / ".config/agentos"
    assert user_state_folder({}) == Path.home() / ".local/state/agentos"


@pytest.mark.parametrize("item_id", ["42", "dark-mode", "a_b"])
@pytest.mark.parametrize("kind", Kind)
def test_a_journal_names_its_owner(kind: Kind, item_id: str) -> None:
    item = Item(kind, item_id, "title", Path("/x.md"))
    journal = StatePaths(Path("/p/.agentos")).journal_of(item)
    assert journal == Path(f"/p/.agentos/checkpoints/{kind.value}_workflow_{item_id}.db")
    assert journal_owner(journal.name) == (kind, item_id)


@pytest.mark.parametrize(
    "name",
    [
        "lld_workflow_42.db-wal",
        "lld_workflow_.db",
        "other_workflow_1.db",
        "lld_workflow_-1.db",
        "x",
    ],
)
def test_other_files_have_no_owner(name: str) -> None:
    assert journal_owner(name) is None


def test_a_path_inside_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    inside = tmp_path / "docs" / "new" / "file.md"
    assert confined(inside, tmp_path) == inside
    assert confined(tmp_path, tmp_path) == tmp_path


def test_a_root_that_is_reached_through_a_symlink_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    root = tmp_path / "link"
    root.symlink_to("real")
    assert confined(root / "file.md", root) == root / "file.md"


@pytest.mark.parametrize("target", [".", "/", "nowhere"])
def test_a_symlink_on_the_way_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "docs").symlink_to(target)
    with pytest.raises(UnsafePathError, match="docs is a symlink") as caught:
        confined(tmp_path / "docs" / "file.md", tmp_path)
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("path", ["/etc/passwd", "/work/shop2/x", "/work"])
def test_a_path_outside_is_refused(path: str) -> None:
    with pytest.raises(UnsafePathError, match="lies outside"):
        confined(Path(path), Path("/work/shop"))


def test_a_path_that_leads_out_is_refused() -> None:
    with pytest.raises(UnsafePathError, match="leads outside"):
        confined(Path("/work/shop/docs/../../x"), Path("/work/shop"))
