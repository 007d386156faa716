"""`python -m agentos.testing` as a process."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agentos.testing import LoopbackServer
from agentos.testing.__main__ import main

COMMAND = [sys.executable, "-m", "agentos.testing"]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(3)]
            yield process, {name: url for name, url in lines}  # noqa: C416 - pairs, checked
        finally:
            process.kill()


def test_serves_until_ctrl_c_and_ends_silently() -> None:
    with running("--delay", "0.01") as (process, urls):
        assert set(urls) == {"anthropic", "openai", "gemini"}
        question = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "?"}]}
        request = urllib.request.Request(  # a URL of our own
            f"{urls['openai']}/chat/completions", json.dumps(question).encode()
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            assert response.read().endswith(b"data: [DONE]\n\n")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 130


def test_ctrl_c_works_where_it_came_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with running() as (process, _):
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
    finally:
        signal.signal(signal.SIGINT, before)


def test_taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    with LoopbackServer([]) as server, pytest.raises(SystemExit) as caught:
        main(["--port", str(server.port)])
    assert caught.value.code == 2
    assert f"port {server.port} cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_port_that_is_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--port={port}"])
    assert "--port" in capsys.readouterr().err
