from pathlib import Path

from agentos.diagnosis.surroundings import Surroundings, nearest_existing


class TestPaths:
    def test_in_the_project_itself(self, surroundings: Surroundings) -> None:
        root = surroundings.project.root
        assert surroundings.word(root / "issues/it's.md") == "'issues/it'\"'\"'s.md'"
        assert surroundings.word(root) == "."
        assert surroundings.word(root / "-rf") == "./-rf"
        assert surroundings.word(Path("/etc/hosts")) == "/etc/hosts"

    def test_from_elsewhere(self, elsewhere: Surroundings) -> None:
        path = elsewhere.project.root / "issues"
        assert elsewhere.word(path) == str(path)
        assert elsewhere.name(path) == "issues"
        assert elsewhere.name(elsewhere.project.root) == str(elsewhere.project.root)


class TestCommands:
    def test_of_our_own_name_the_project_where_it_is_not_here(
        self, surroundings: Surroundings, elsewhere: Surroundings
    ) -> None:
        assert surroundings.agentos("init") == "/opt/it/bin/python -m agentos init"
        project = elsewhere.project.root
        assert (
            elsewhere.agentos("init") == f"/opt/it/bin/python -m agentos init --project {project}"
        )
        assert elsewhere.agentos("credentials", "add", in_project=False).endswith("add")

    def test_nothing_is_overwritten_by_what_is_set_aside(self, surroundings: Surroundings) -> None:
        root = surroundings.project.root
        (root / "a.toml.aside").touch()
        (root / "a.toml.aside1").symlink_to("nowhere")
        assert surroundings.set_aside(root / "a.toml") == "mv a.toml a.toml.aside2"


def test_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "a/b/c") == tmp_path
    assert nearest_existing(tmp_path) == tmp_path
