"""A credential's secret: used, and found nowhere."""

import os
import secrets
from pathlib import Path

import psutil
from command import Workspace, wait_until

# A child that prints the secret which it leased, whole and cut in two by separate writes.
LEAKY = """
import os, sys, time
if 'agentos.child' in sys.orig_argv:
    import agentos.models.embedded as embedded
    answer = embedded.EmbeddedModel.complete
    def complete(self, request, secret):
        print('whole', secret, flush=True)
        os.write(1, b'halves ' + secret[:9].encode())
        time.sleep(0.05)
        os.write(1, secret[9:].encode() + b'\\n')
        return answer(self, request, secret)
    embedded.EmbeddedModel.complete = complete
"""


def leaky_path(tmp_path: Path) -> str:
    folder = tmp_path / "leaky"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LEAKY)
    return str(folder)


def test_a_secret_is_found_nowhere(shelf: Workspace, own_home: Path, tmp_path: Path) -> None:
    secret = secrets.token_urlsafe(24)
    shelf.keep_issues("042", "057")

    running = shelf.start(
        "parallel",
        "lld",
        "--all",
        AGENTOS_CREDENTIALS="org-a:KEY_OF_A",
        KEY_OF_A=secret,
        COPY_OF_IT=f"Bearer {secret}",
        AGENTOS_EMBEDDED_LATENCY="1",
        PYTHONPATH=leaky_path(tmp_path),
    )
    children = running.wait_for_children(2)
    environments = [child.environ() for child in children]
    shown = [repr((child.cmdline(), child.environ())) for child in children]
    shown.append(repr(psutil.Process(running.process.pid).cmdline()))
    code, output = running.finish()

    assert code == 0, output
    assert not [text for text in shown if secret in text]
    assert not {"KEY_OF_A", "COPY_OF_IT"} & set(environments[0])
    assert "whole ***" in output
    assert "halves ***" in output
    assert secret not in output
    for folder in (shelf.root, own_home):
        for path in folder.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path
    assert "org-a" in (shelf.runs[0] / "workflow-audit-42.jsonl").read_text()


def test_a_simulated_rate_limit_takes_another_credential(shelf: Workspace) -> None:
    shelf.keep_issues("042")

    code, output = shelf.run(
        "parallel",
        "lld",
        "--all",
        AGENTOS_CREDENTIALS="first:KEY_1,second:KEY_2",
        KEY_1=secrets.token_hex(12),
        KEY_2=secrets.token_hex(12),
        AGENTOS_SIMULATE_429="true",
    )

    assert code == 0
    assert "[COORDINATOR] Rate limit hit on first: rate-limited, backing off for 1s..." in output
    audit = (shelf.runs[0] / "workflow-audit-42.jsonl").read_text()
    refused = [line for line in audit.splitlines() if '"call_refused"' in line]
    assert {"first", "second"} == {name for name in ("first", "second") if name in "".join(refused)}
    assert '"rate_limited"' in refused[0]
    assert '"call_finished"' in audit


def test_with_one_credential_a_simulated_rate_limit_is_waited_for(shelf: Workspace) -> None:
    shelf.keep_issues("042")

    code, output = shelf.run(
        "parallel",
        "lld",
        "--all",
        AGENTOS_CREDENTIALS="first:KEY_1,second:KEY_2",
        AGENTOS_CREDENTIAL_LIMIT="1",
        KEY_1=secrets.token_hex(12),
        KEY_2=secrets.token_hex(12),
        AGENTOS_SIMULATE_429="true",
    )

    assert code == 0
    assert "All credentials are cooling down" in output
    assert '"credential": "second"' not in (shelf.runs[0] / "workflow-audit-42.jsonl").read_text()


def test_running_items_never_exceed_the_open_slots_plus_one(
    shelf: Workspace, own_home: Path
) -> None:
    config = own_home / "config" / "agentos"
    config.mkdir(parents=True)
    file = config / "credentials.toml"
    file.write_text('[[credential]]\nname = "only"\nsecret = "s3cret-enough"\nmax_concurrent = 1\n')
    file.chmod(0o600)
    shelf.keep_issues("042", "057", "088", "101")

    running = shelf.start("parallel", "lld", "--all", "-j", "4", AGENTOS_EMBEDDED_LATENCY="0.4")
    most = 0
    while running.process.poll() is None:
        most = max(most, len(running.children()))
    code, output = running.finish()

    assert code == 0
    assert most == 2
    assert "[COORDINATOR] Credential pool exhausted..." in output
    held_back = "No item starts beside the 2 that run: the credentials take 1 call at once"
    assert output.count(held_back) == 1


def test_a_credential_that_is_configured_wrongly_stops_before_anything_is_written(
    shelf: Workspace,
) -> None:
    code, output = shelf.run("parallel", "lld", "--all", AGENTOS_CREDENTIALS="a:NO_SUCH_VARIABLE")

    assert code == 2
    assert "NO_SUCH_VARIABLE is not set" in output
    assert not (shelf.root / ".agentos").exists()


def test_the_socket_folder_is_removed(shelf: Workspace, tmp_path: Path) -> None:
    shelf.keep_issues("042")
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)

    running = shelf.start(
        "parallel", "lld", "--all", XDG_RUNTIME_DIR=str(runtime), AGENTOS_EMBEDDED_LATENCY="0.5"
    )
    wait_until(lambda: list(runtime.glob("agentos-*")), "the server listens")
    assert running.finish()[0] == 0

    assert os.listdir(runtime) == []
