"""What root can show; what is closed to others, they see in tests/e2e/test_doctor_around.py."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from findings import only, typed, wrong

from agentos.core.paths import StatePaths
from agentos.diagnosis.access import is_readable, is_writable, opened, opened_below
from agentos.diagnosis.finding import Level
from agentos.diagnosis.permissions import (
    check_config_folder,
    check_documents,
    check_sockets,
    check_state_folder,
)
from agentos.diagnosis.surroundings import Surroundings


class TestDocuments:
    def test_that_can_be_written(self, surroundings: Surroundings, project: Path) -> None:
        assert not wrong(check_documents(surroundings))
        assert [path.name for path in project.iterdir()] == ["issues"]

    def test_through_a_symlink(
        self, surroundings: Surroundings, project: Path, tmp_path: Path
    ) -> None:
        (project / "docs").mkdir()
        (project / "docs/lineage").symlink_to(tmp_path)
        finding = only(check_documents(surroundings), Level.FAULT)
        assert finding.hint.endswith(f"; it leads to {tmp_path}")
        typed(finding, project)
        assert not wrong(check_documents(surroundings))

    def test_of_a_backlog_that_is_a_symlink_are_told_elsewhere(
        self, surroundings: Surroundings, project: Path, tmp_path: Path
    ) -> None:
        (project / "ideas").mkdir()
        (project / "ideas/active").mkdir()
        (project / "ideas/done").symlink_to(tmp_path)
        assert not wrong(check_documents(surroundings))


class TestState:
    def test_that_is_private(self, surroundings: Surroundings, project: Path) -> None:
        assert not wrong(check_state_folder(surroundings))
        (project / ".agentos").mkdir(mode=0o700)
        assert not wrong(check_state_folder(surroundings))

    def test_that_is_open(self, surroundings: Surroundings, project: Path) -> None:
        (project / ".agentos").mkdir()
        (project / ".agentos").chmod(0o755)
        finding = only(check_state_folder(surroundings), Level.WARNING)
        assert ".agentos is open to other users (mode 0755)" in finding.sentence
        typed(finding, project)
        assert not wrong(check_state_folder(surroundings))

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
    def test_of_another_user(self, surroundings: Surroundings, project: Path) -> None:
        (project / ".agentos").mkdir(mode=0o700)
        os.chown(project / ".agentos", 65534, 65534)
        finding = only(check_state_folder(surroundings), Level.WARNING)
        assert finding.command == 'sudo chown -R "$(id -un)" .agentos'

    @pytest.mark.parametrize("place", ["", "checkpoints", "logs", "logs/parallel"])
    def test_with_a_file_where_a_folder_belongs(
        self, surroundings: Surroundings, project: Path, place: str
    ) -> None:
        path = project / ".agentos" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        typed(only(check_state_folder(surroundings), Level.FAULT), project)
        assert not [x for x in check_state_folder(surroundings) if x.level is Level.FAULT]

    def test_in_agentos_home(self, surroundings: Surroundings, tmp_path: Path) -> None:
        state = StatePaths(tmp_path / "home" / "projects" / "shelf-1")
        away = replace(surroundings, project=replace(surroundings.project, state=state))
        [finding] = check_state_folder(away)
        assert finding.sentence == f"{state.root} will be made by the first run"


class TestConfigFolder:
    def test_that_is_not_there(self, surroundings: Surroundings) -> None:
        assert not wrong(check_config_folder(surroundings))

    def test_that_others_can_write_to(self, surroundings: Surroundings, project: Path) -> None:
        surroundings.config_folder.mkdir(parents=True)
        surroundings.config_folder.chmod(0o775)
        typed(only(check_config_folder(surroundings), Level.WARNING), project)
        assert not wrong(check_config_folder(surroundings))

    def test_that_is_a_file(self, surroundings: Surroundings, project: Path) -> None:
        surroundings.config_folder.parent.mkdir(parents=True)
        surroundings.config_folder.write_text("")
        typed(only(check_config_folder(surroundings), Level.FAULT), project)
        assert not wrong(check_config_folder(surroundings))


class TestSockets:
    def test_of_two_places_one_is_enough(self, surroundings: Surroundings) -> None:
        environ = {**surroundings.environ, "XDG_RUNTIME_DIR": "/no/such/folder", "TMPDIR": "/tmp"}
        [finding] = check_sockets(replace(surroundings, environ=environ))
        assert finding.sentence == "a run's socket can lie in /tmp"

    def test_a_path_that_is_too_long(self, surroundings: Surroundings, tmp_path: Path) -> None:
        long = tmp_path / ("x" * 100)
        long.mkdir()
        environ = {**surroundings.environ, "TMPDIR": str(long)}
        finding = only(check_sockets(replace(surroundings, environ=environ)), Level.FAULT)
        assert "too long for a socket" in finding.sentence
        assert finding.command == "export TMPDIR=/tmp"


class TestAccess:
    def test_of_what_is_not_there(self, tmp_path: Path) -> None:
        assert not is_readable(tmp_path / "missing")
        assert not is_writable(tmp_path / "missing")

    def test_is_given_by_its_owner(self, surroundings: Surroundings, project: Path) -> None:
        file = project / "issues/001-sort.md"
        assert opened(surroundings, file) == "chmod u+rw issues/001-sort.md"
        assert opened(surroundings, file.parent) == "chmod u+rwx issues"
        assert opened_below(surroundings, file.parent) == "chmod -R u+rwX issues"

    def test_is_taken_where_the_owner_is_another(
        self, surroundings: Surroundings, project: Path
    ) -> None:
        theirs = Path("/etc")  # root's
        if os.geteuid() == 0:
            theirs = project / "issues"
            os.chown(theirs, 65534, 65534)
        word = surroundings.word(theirs)
        assert opened(surroundings, theirs) == f'sudo chown "$(id -un)" {word}'
        assert opened_below(surroundings, theirs) == f'sudo chown -R "$(id -un)" {word}'
