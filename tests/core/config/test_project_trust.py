import shlex
from pathlib import Path

import pytest

from agentos.core.config.settings import from_project
from agentos.core.config.trust import TrustStore
from agentos.core.errors import TrustError

BASE_URL = '[providers.openai]\nbase_url = "http://localhost:9/v1"\n'

ASKS = [
    (BASE_URL, "providers.openai.base_url"),
    ('[commands.mine]\nargv = ["mine"]', "commands.mine.argv"),
    ("[commands.claude]\nallow_tools = true", "commands.claude.allow_tools"),
    ('drafter = "command/claude"', "drafter"),
    ('reviewer = " command/mine"', "reviewer"),
    ('[prices."openai/x"]\ncached = 0', 'prices."openai/x".cached'),
    (
        '[[credential]]\nname = "x"\nenv = "AWS_SECRET_ACCESS_KEY"\nprovider = "openai"',
        "credential",
    ),
]


@pytest.mark.parametrize(("text", "asked"), ASKS)
@pytest.mark.parametrize("name", ["agentos.toml", "pyproject.toml"])
def test_a_project_counts_only_once_it_is_trusted(
    project: Path, user: Path, name: str, text: str, asked: str
) -> None:
    if name == "pyproject.toml":
        text = text.replace("[[", "[[tool.agentos.").replace("[c", "[tool.agentos.c")
        text = "[tool.agentos]\n" + text.replace("[p", "[tool.agentos.p")
    (project / name).write_text(text)
    store = TrustStore(user)
    found = from_project(project, store)
    assert found.untrusted == (asked,)
    with pytest.raises(TrustError, match=f"{name} sets {asked}, and this project") as caught:
        found.check_trust()
    assert caught.value.hint.endswith(f"type: agentos config trust --project {project}")
    assert caught.value.exit_code == 2

    store.trust(found.path, found.digest)
    found = from_project(project, store)
    assert found.untrusted == ()
    found.check_trust()

    heading = "[tool.agentos.prices]" if name == "pyproject.toml" else "[prices]"
    (project / name).write_text(f"{text}\n{heading}\ndate = 2026-01-31\n")
    assert from_project(project, store).untrusted == (asked,)


def test_nothing_asks_for_trust_where_the_rest_is_harmless(project: Path, user: Path) -> None:
    (project / "agentos.toml").write_text(
        'drafter = "anthropic/x"\nbudget = 5\n[providers.openai]\nidle_timeout = 5\n'
        "[prices]\ndate = 2026-01-31\n"
    )
    (user / "trusted.json").write_text("damaged, and nobody needs it")
    assert from_project(project, TrustStore(user)).untrusted == ()


def test_the_rest_of_a_pyproject_may_change(project: Path, user: Path) -> None:
    path, store = project / "pyproject.toml", TrustStore(user)
    path.write_text("[tool.agentos.commands.mine]\nargv = ['mine']\nidle_timeout = 1.5\n")
    found = from_project(project, store)
    store.trust(found.path, found.digest)
    path.write_text(
        "[project]\nname = 'shelf'\n"
        "[tool.agentos.commands.mine]\nidle_timeout = 1.5 # same\nargv = [\n'mine'\n]\n"
    )
    assert from_project(project, store).untrusted == ()
    path.write_text("[tool.agentos.commands.mine]\nargv = ['other']\nidle_timeout = 1.5\n")
    assert from_project(project, store).untrusted


def test_what_one_project_is_trusted_with_another_is_not(project: Path, user: Path) -> None:
    store, other = TrustStore(user), project.parent / "other"
    other.mkdir()
    for folder in (project, other):
        (folder / "agentos.toml").write_text(BASE_URL)
    found = from_project(project, store)
    store.trust(found.path, found.digest)
    assert from_project(project, store).untrusted == ()
    assert from_project(other, store).untrusted


def test_what_is_trusted_in_agentos_toml_is_not_in_pyproject(project: Path, user: Path) -> None:
    store = TrustStore(user)
    (project / "agentos.toml").write_text(BASE_URL)
    found = from_project(project, store)
    store.trust(found.path, found.digest)
    (project / "agentos.toml").unlink()
    (project / "pyproject.toml").write_text(BASE_URL.replace("[", "[tool.agentos."))
    assert from_project(project, store).untrusted


def test_the_hint_can_be_typed_as_it_stands(tmp_path: Path, user: Path) -> None:
    project = tmp_path / "my books; rm"
    project.mkdir()
    (project / "agentos.toml").write_text(BASE_URL)
    with pytest.raises(TrustError) as caught:
        from_project(project, TrustStore(user)).check_trust()
    typed = caught.value.hint.partition("type: ")[2]
    assert shlex.split(typed) == ["agentos", "config", "trust", "--project", str(project)]


def test_a_long_list_of_what_is_asked_for_is_cut(project: Path, user: Path) -> None:
    (project / "agentos.toml").write_text(
        "".join(f"[commands.x{number:03}]\nargv = ['x']\n" for number in range(300))
    )
    with pytest.raises(TrustError) as caught:
        from_project(project, TrustStore(user)).check_trust()
    assert "commands.x004.argv, 295 more, and this project" in str(caught.value)
    assert "x005" not in str(caught.value)
