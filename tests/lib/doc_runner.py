"""Does what a page shows: types its commands, writes its files, reads its settings."""

import json
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from doc_blocks import Block, Page, commands
from doc_output import matches
from doc_projects import HOME_ON_PAGES, prepare, provider_urls, surroundings
from doc_session import Session

from agentos.core.config.credential_places import CREDENTIALS_FILE, declared_entries
from agentos.core.config.schema import CREDENTIAL, settings_of
from agentos.core.config.toml_files import parse_toml
from agentos.testing import LoopbackServer
from agentos.testing.documents import author

OWN_SERVERS = ("8000", "8080", "11434")
"""Ports of pages at which a reader's own server listens: the loopback provider stands for it."""

FREE_PORT = "8765"
"""The port that pages give to a server which they start."""


_PORT = re.compile(r"(?<=:)[0-9]{4,5}\b|(?<=--port )[0-9]{4,5}\b")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a page is worked on. `ports` are those that stand for the page's own."""

    session: Session
    home: Path
    folder: Path
    ports: dict[str, str]

    def as_here(self, text: str) -> str:
        """A page's text with the home and the ports that are there for it."""
        text = text.replace(HOME_ON_PAGES, str(self.home))
        return _PORT.sub(lambda found: self.ports.get(found[0], found[0]), text)

    def as_on_the_page(self, shown: str) -> str:
        """What was printed here, as a reader sees it."""
        shown = shown.replace(str(self.home), HOME_ON_PAGES)
        there = {here: there for there, here in self.ports.items()}
        return _PORT.sub(lambda found: there.get(found[0], found[0]), shown)


@contextmanager
def desk_for(page: Page, scratch: Path) -> Iterator[Desk]:
    """A home, a project, a provider and a shell, for one page."""
    home = scratch.resolve() / "home"
    home.mkdir()
    folder = prepare(page.mark("project") or "empty", home)
    with ExitStack() as stack:
        servers = {port: stack.enter_context(LoopbackServer(author)) for port in OWN_SERVERS}
        ports = {port: _port(server) for port, server in servers.items()}
        ports[FREE_PORT] = _free_port()
        urls = provider_urls(servers[OWN_SERVERS[0]]) if page.mark("provider") else {}
        environ = surroundings(home, scratch, urls)
        if page.mark("project") == "house":
            environ["PYTHONPATH"] = str(folder)
        with Session(folder, scratch, environ) as session:
            yield Desk(session, home, folder, ports)


def do(block: Block, desk: Desk) -> None:
    """One block; raises AssertionError where it does not do what the page shows."""
    text = desk.as_here(block.text)
    if name := block.mark("file"):
        _write(name, text, desk)
    match block.language:
        case "console":
            _type(block, desk)
        case "toml":
            read_settings(text, f"line {block.line}")
        case "json":
            json.loads(text)
        case "python" if not name:
            _run_python(text, desk)


def read_settings(text: str, where: str) -> None:
    """Read a TOML block as the product does; raises ConfigError for what it would refuse."""
    data = parse_toml(text.encode(), where)
    if "project" in data:
        return  # a package's own pyproject.toml
    if "tool" in data:
        data = data["tool"]["agentos"]
    list(settings_of(data, where))
    if CREDENTIAL in data:
        with TemporaryDirectory() as folder:
            file = Path(folder, CREDENTIALS_FILE)
            file.write_text(text, encoding="utf-8")
            file.chmod(0o600)
            declared_entries({}, file.parent)


def _type(block: Block, desk: Desk) -> None:
    typed = list(commands(block))
    types = [_prompt_and_answer(text) for text in block.marks.get("types", ())]
    for command in typed:
        is_last = command is typed[-1]
        expected = [desk.as_here(line) for line in command.expected]
        code, shown = desk.session.run(desk.as_here(command.text), expected, types)
        told = f"\n$ {command.text}\n{desk.as_on_the_page(shown)}"
        wanted = int(block.mark("exits") or 0) if is_last else 0
        assert code == wanted, f"exit code {code}, not {wanted}:{told}"
        if expected:
            assert matches(expected, shown), f"the page shows something else:{told}"
    assert not types, f"nothing asked for this: {types}"


def _prompt_and_answer(text: str) -> tuple[str, str]:
    prompt, _, answer = text.rpartition("->")
    return prompt.strip(), answer.strip() + "\n"


def _write(name: str, text: str, desk: Desk) -> None:
    path = desk.home / name[2:] if name.startswith("~/") else desk.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def _run_python(text: str, desk: Desk) -> None:
    program = desk.home / "block.py"
    program.write_text(text, encoding="utf-8")
    code, shown = desk.session.run(f"{sys.executable} {program}")
    assert code == 0, f"exit code {code}:\n{shown}"


def _port(server: LoopbackServer) -> str:
    return str(urlsplit(server.base_url("anthropic")).port)


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])
