"""What runs with real SDKs leave of their keys where providers quote them: nothing."""

import json
import secrets
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import pytest
import told_exceptions
from command import Running, Workspace, wait_until
from leak_watch import LeakWatch
from loopback import user_config
from secret_search import SecretSearch

from agentos.testing import (
    Asked,
    Cut,
    ErrorEvent,
    LoopbackServer,
    PerWire,
    Raw,
    Redirect,
    Refuse,
    Reply,
    Stall,
    Wire,
    author,
)

SETTINGS = """
[providers.openai]
idle_timeout = 2
[providers.anthropic]
idle_timeout = 2
[providers.gemini]
idle_timeout = 2
"""
IN_A_FILE = """
[[credential]]
name = "file"
provider = "{provider}"
secret = "{secret}"
"""
MODELS = {"openai": "openai/draft-1", "anthropic": "anthropic/review-1", "gemini": "gemini/draft-1"}
ADDRESSES = {
    "openai": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
    "gemini": "GOOGLE_GEMINI_BASE_URL",
}
MOST_RUNS = 8


def quotes_of(secret: str) -> str:
    """The key as a careless provider may repeat it: whole, in spellings, and in parts."""
    parts = (secret[:12], secret[-9:], secret[5:16].lower(), secret[:8] + "..." + secret[-8:])
    spellings = (secret, json.dumps(secret).replace("/", "\\/"), quote(secret, safe=""))
    return f"Incorrect API key provided: {', '.join((*parts, *spellings))}."


def refuse(status: int, code: str, secret: str) -> Refuse:
    """An error that quotes the key in its body and in its headers."""
    details = {"param": secret[4:20], "type": secret}
    headers = {"x-request-id": secret, "x-ratelimit-reset-requests": secret[:20], "warning": secret}
    return Refuse(status, code, quotes_of(secret), headers, (details,))


def troubles(secret: str) -> list[Reply]:
    """What a provider may do instead of an answer; the last three fail their items."""
    said = quotes_of(secret)
    limited = refuse(429, "rate_limit_exceeded", secret)
    return [
        replace(limited, headers={**limited.headers, "retry-after": "0.2"}),
        PerWire(
            {
                Wire.OPENAI: ErrorEvent(secret[:16], said, text=said),
                Wire.ANTHROPIC: ErrorEvent("api_error", said, text=said),
                Wire.GEMINI: ErrorEvent("UNAVAILABLE", said, text=said),
            }
        ),
        refuse(500, secret, secret),
        Cut(after_chunks=2, text=f"# A draft\n\n{said}"),
        Raw(502, f"<html><title>{said}</title></html>".encode(), headers={"via": secret}),
        Raw(200, said.encode(), content_type=f"text/{secret[:14]}"),
        Raw(200, f"data: {{{said}\n\n".encode(), content_type="text/event-stream"),
        replace(limited, headers={**limited.headers, "retry-after": secret}),
        Stall(after_chunks=1, text=said),
        refuse(503, "unavailable", secret),
        refuse(400, "invalid_request_error", secret),
        Redirect(f"http://127.0.0.1:9/{secret[:16]}/v1?key={secret}"),
        refuse(404, secret[:20], secret),
    ]


class Misbehaving:
    """Gives trouble three times, then an answer, until all troubles were played.

    An answer quotes the key that it was asked with; the key `bad` is refused whenever it is used.
    """

    def __init__(self, bad: str = "") -> None:
        self._bad = bad
        self._played = 0

    @property
    def is_done(self) -> bool:
        return self._played == len(troubles(""))

    def __call__(self, asked: Asked) -> Reply:
        secret = asked.secret
        if secret == self._bad:
            return refuse(401, "invalid_api_key", secret)
        if asked.number % 4 and not self.is_done:
            self._played += 1
            return troubles(secret)[self._played - 1]
        answer = author(asked)
        return replace(answer, text=f"{answer.text}\nI was asked with {secret}.\n")


@dataclass(frozen=True)
class Scene:
    """Runs of a project with three keys under watch: two for the drafter, one for the reviewer."""

    shelf: Workspace
    home: Path
    notes: Path
    keys: Mapping[str, str]
    environ: Mapping[str, str]
    models: tuple[str, ...]
    files: set[str] = field(default_factory=set)  # looked at: their names
    processes: set[int] = field(default_factory=set)  # the same

    def run(self, meanwhile: Callable[[Running], object] = lambda _running: None) -> int:
        """One run; `meanwhile` is what happens to it. No part of a key may be seen."""
        for issue in (self.shelf.root / "issues").glob("*.md"):
            issue.write_text(issue.read_text() + "\nOnce more.\n")  # so that it is due
        command = ("parallel", "lld", "--all", "-v", "--retries", "0", *self.models)
        running = self.shelf.start(*command, **self.environ)
        folders = (self.shelf.scratch, self.home)
        search, pid = SecretSearch(self.keys), running.process.pid
        with LeakWatch(search, folders, (stored_in(self.home),), pid) as watch:
            meanwhile(running)
            code, _ = running.finish()
        assert not watch.finds
        self.files.update(watch.files)
        self.processes.update(watch.processes)
        return code

    def assert_no_exception_told_a_key(self) -> None:
        search, raised = SecretSearch(self.keys), told_exceptions.read(self.notes)
        kinds = {place.rpartition(" ")[2] for place, _ in raised}
        assert kinds & {"InternalServerError", "ServerError"}  # the SDKs' are among them
        assert not {find for place, text in raised for find in search.look_into(text, place)}


@pytest.fixture(params=[("openai", "anthropic"), ("gemini", "openai")], ids="-".join)
def vendors(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Of the drafter and of the reviewer."""
    pair: tuple[str, str] = request.param
    return pair


def test_no_part_of_a_key_is_left_anywhere(
    shelf: Workspace,
    own_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    vendors: tuple[str, str],
) -> None:
    keys = {name: made_up_key() for name in ("good", "bad", "file")}
    drafting, reviewing = Misbehaving(keys["bad"]), Misbehaving()
    with LoopbackServer(drafting) as drafts, LoopbackServer(reviewing) as reviews:
        notes = tmp_path_factory.mktemp("notes")
        scene = scene_of(
            shelf, own_home, notes, keys, dict(zip(vendors, (drafts, reviews), strict=True))
        )

        def wait_for_calls() -> None:
            before = len(drafts.exchanges)
            wait_until(lambda: len(drafts.exchanges) > before, "drafts are asked for")

        def kill_a_child(running: Running) -> None:
            wait_for_calls()
            running.children()[0].kill()

        def press_ctrl_c(running: Running) -> None:
            wait_for_calls()
            running.process.send_signal(signal.SIGINT)

        assert scene.run(kill_a_child) == 1
        assert scene.run(press_ctrl_c) == -signal.SIGINT
        runs = 0
        while not (drafting.is_done and reviewing.is_done):
            scene.run()
            runs += 1
            assert runs < MOST_RUNS
        assert scene.run() in (0, 3)
    assert scene.processes
    assert "lld_workflow_42.db-wal" in scene.files
    scene.assert_no_exception_told_a_key()


def scene_of(
    shelf: Workspace,
    home: Path,
    notes: Path,
    keys: Mapping[str, str],
    servers: Mapping[str, LoopbackServer],
) -> Scene:
    """A project with its keys, one of them in the user's file; every folder is its own."""
    (drafter, drafts), (reviewer, reviews) = servers.items()
    shelf.keep_issues("042", "057")
    user_config(home, SETTINGS)
    stored_in(home).write_text(IN_A_FILE.format(provider=reviewer, secret=keys["file"]))
    stored_in(home).chmod(0o600)
    for name in ("run", "tmp", "home"):
        (shelf.scratch / name).mkdir(mode=0o700)
    environ = {
        "AGENTOS_CREDENTIALS": f"good:KEY_G:{drafter},bad:KEY_B:{drafter}",
        "KEY_G": keys["good"],
        "KEY_B": keys["bad"],
        ADDRESSES[drafter]: drafts.base_url(drafter),
        ADDRESSES[reviewer]: reviews.base_url(reviewer),
        "XDG_RUNTIME_DIR": str(shelf.scratch / "run"),
        "TMPDIR": str(shelf.scratch / "tmp"),
        "HOME": str(shelf.scratch / "home"),
        **told_exceptions.settings(notes),
    }
    models = ("--drafter", MODELS[drafter], "--reviewer", MODELS[reviewer])
    return Scene(shelf, home, notes, keys, environ, models)


def stored_in(home: Path) -> Path:
    """The one file that holds a key by the user's will."""
    return home / "config" / "agentos" / "credentials.toml"


def made_up_key() -> str:
    """As random as a key is, with the letters that JSON and URLs escape."""
    return f"{secrets.token_urlsafe(18)}/+{secrets.token_urlsafe(18)}=="
