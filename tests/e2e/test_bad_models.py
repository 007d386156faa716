"""Models, keys and servers that are wrong: a sentence with what to do, and a true exit code."""

from pathlib import Path

import pytest
from command import Workspace
from loopback import KEYS, user_config

from agentos.testing import Flood, LoopbackServer, Raw, Reply, author, refusals

ITEM = ("lld", "42", "--drafter", "openai/x")
KEY = {"OPENAI_API_KEY": KEYS["draft-a"]}
BLOCKED = """\
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "openai":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


def assert_told(output: str, *words: str) -> None:
    """The words are there, and nothing that only a programmer can read."""
    for word in words:
        assert word in output
    assert "Traceback" not in output
    assert "Error(" not in output
    assert not any(key in output for key in KEYS.values())


@pytest.mark.parametrize("command", [ITEM, ("parallel", *ITEM), ("parallel", *ITEM, "--dry-run")])
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, ["openai/x needs a key", "OPENAI_API_KEY"]),
        ({"OPENAI_API_KEY": "sk-with a-space"}, ["OPENAI_API_KEY", "copy the key again"]),
        ({"OPENAI_API_KEY": "sk-with\na-newline"}, ["OPENAI_API_KEY", "copy the key again"]),
        (KEY | {"OPENAI_BASE_URL": "localhost:1"}, ["OPENAI_BASE_URL", "http://"]),
        (KEY | {"AGENTOS_REVIEWER": "opnai/x"}, ["'opnai'", "is openai meant?"]),
        (KEY | {"AGENTOS_REVIEWER": "openai"}, ["names a provider and no model", "openai/NAME"]),
        (KEY | {"AGENTOS_REVIEWER": "command/nobody"}, ["command/nobody", "claude"]),
        (KEY | {"AGENTOS_BUDGET": "much"}, ["AGENTOS_BUDGET", "US dollars"]),
        (KEY | {"AGENTOS_MAX_TOKENS": "-1"}, ["AGENTOS_MAX_TOKENS", "whole number"]),
    ],
)
def test_what_is_set_wrongly_is_told_before_anything_is_written(
    shelf: Workspace, command: tuple[str, ...], variables: dict[str, str], words: list[str]
) -> None:
    code, output = shelf.run(*command, **variables)
    assert code == 2, output
    assert_told(output, *words)
    assert "a-space" not in output
    assert "a-newline" not in output
    assert not (shelf.root / ".agentos").exists()


def test_a_missing_package_is_named_with_what_to_type(shelf: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKED)
    code, output = shelf.run(*ITEM, PYTHONPATH=str(folder), **KEY)
    assert code == 2, output
    assert_told(output, "pip install 'openai>=3,<4'")
    code, output = shelf.run("models", PYTHONPATH=str(folder))
    assert code == 0, output
    assert_told(output, "The package for openai: ", "pip install 'openai>=3,<4'")


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (refusals.unknown_model(), 1, ["openai/x refused", "model_not_found"]),
        (refusals.context_too_long(), 1, ["openai/x refused", "context_length_exceeded"]),
        (refusals.bad_key(), 4, ["OPENAI_API_KEY", "interrupted", "add a credential"]),
        (refusals.insufficient_quota(), 4, ["OPENAI_API_KEY", "insufficient_quota"]),
        (Flood(50 * 1024 * 1024), 1, ["larger than 15 MiB"]),
        (Raw(200, b"<html>Log in first</html>"), 1, ["text/html", "base_url"]),
    ],
    ids=["unknown model", "too long", "bad key", "spent", "50 MB", "HTML"],
)
def test_what_a_server_says_ends_as_it_should(
    shelf: Workspace, reply: Reply, code: int, words: list[str]
) -> None:
    with LoopbackServer(lambda _asked: reply) as server:
        variables = KEY | {"OPENAI_BASE_URL": server.base_url("openai")}
        ended, output = shelf.run(*ITEM, **variables)
    assert ended == code, output
    assert_told(output, *words)
    assert not (shelf.root / "docs/lld/active/LLD-042.md").exists()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_cannot_be_reached_is_named(shelf: Workspace, scheme: str) -> None:
    with LoopbackServer(author) as server:
        port = server.port
        if scheme == "https":
            code, output = shelf.run(*ITEM, OPENAI_BASE_URL=f"https://127.0.0.1:{port}/v1", **KEY)
            assert server.exchanges == ()
    if scheme == "http":
        code, output = shelf.run(*ITEM, OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", **KEY)
    assert code == 1, output
    assert_told(output, "127.0.0.1")
    # Each attempt that another follows is told; a certificate will be no better.
    assert ("openai/x gave no answer (transient" in output) is (scheme == "http")


def test_a_key_goes_to_its_own_provider_only(shelf: Workspace, own_home: Path) -> None:
    user_config(own_home, "")
    with LoopbackServer(author) as server:
        code, output = shelf.run(
            *ITEM,
            AGENTOS_CREDENTIALS="claude:SOME_KEY:anthropic",
            SOME_KEY=KEYS["review-c"],
            OPENAI_BASE_URL=server.base_url("openai"),
        )
        assert code in (0, 3), output
        assert {exchange.asked.secret for exchange in server.exchanges} == {"none"}
