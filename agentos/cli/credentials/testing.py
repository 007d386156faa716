"""`agentos credentials test`: one smallest call with each key, and what the provider said."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import click

from agentos.cli.asides import aside
from agentos.cli.completion.hooks import complete_credentials, complete_model
from agentos.cli.credentials.unknown import unknown
from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import project_option
from agentos.core.config.credential_entries import CredentialEntry
from agentos.core.config.credentials import CredentialSet, known_secrets
from agentos.core.config.environment import child_environment
from agentos.core.errors import UsageError
from agentos.core.paths import user_config_folder
from agentos.core.terminal_text import printable
from agentos.models.catalog import account_of, choose
from agentos.vault.handled import handled
from agentos.vault.system_keyring import asked_once, read_secret
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.credential_trial import LONGEST, Result, Trial, Verdict, prepare
from agentos.workspace.limit_memory import forget_rest
from agentos.workspace.project import open_project

_PATIENCE = LONGEST + 10.0
"""Seconds; a host name that is not resolved is beyond the limits of a call."""


@click.command(
    epilog=exit_codes(done="every key works; a limited one does", failed="at least one does not")
)
@click.argument(
    "names",
    metavar="[NAME]...",
    nargs=-1,
    shell_complete=complete_credentials,
    help="Those to test; without one, all.",
)
@click.option(
    "--model",
    metavar="MODEL",
    shell_complete=complete_model,
    help="The model to ask.  [default: the drafter or reviewer that is set]",
)
@project_option
def test(names: tuple[str, ...], model: str | None, project: Path) -> int:
    """Make one smallest call with each credential, or with those named.

    It may cost some tokens. With --model alone those are tried that serve it. A rest that earlier
    runs met is forgotten where the model answers again.

    \b
    Example:
      agentos credentials test
      agentos credentials test team --model openai/NAME
    """
    layers = read_layers(open_project(project, os.environ).root, os.environ, only_trusted=True)
    if layers.project.untrusted:
        aside(
            "The project is not trusted, so what it sets does not count here: "
            f"{layers.project.how_to_trust}"
        )
    entries = layers.entries_of_credentials(os.environ)
    if model is not None:
        choose(model, layers.settings, layers.entries)
    chosen = _chosen(entries, names, model)
    read_once = asked_once(read_secret)
    trials = [prepare(entry, layers, os.environ, read_once, model) for entry in chosen]
    environ = _environment(entries, layers)
    results = []
    with _without_keys(environ):
        for entry, trial in zip(chosen, trials, strict=True):
            verdict = _made(trial, environ) if isinstance(trial, Trial) else trial
            click.echo(printable(f"{entry.name}: {verdict.text}"))
            if isinstance(trial, Trial) and verdict.result is Result.WORKS:
                _forget_rest(trial)
            results.append(verdict.result)
    return _exit_code(results)


def _chosen(
    entries: Sequence[CredentialEntry], names: Iterable[str], model: str | None
) -> list[CredentialEntry]:
    by_name = {entry.name: entry for entry in entries}
    for name in names:
        if name not in by_name:
            raise unknown(name, [*by_name])
    chosen = [by_name[name] for name in dict.fromkeys(names)] or [*entries]
    if model is None:
        if not chosen:
            raise UsageError(
                "there is no credential to test", "type: agentos credentials add openai"
            )
        return chosen
    account = account_of(model)
    fitting = [entry for entry in chosen if entry.provider == account]
    if not fitting or (names and len(fitting) < len(chosen)):
        wrong = next((entry.name for entry in chosen if entry not in fitting), "")
        raise UsageError(
            f"{wrong} is no key for {account}" if names else f"no credential names {account}",
            f"type: agentos credentials add NAME --provider {account}",
        )
    return fitting


def _environment(entries: Iterable[CredentialEntry], layers: Layers) -> dict[str, str]:
    """What a call may see: as in a run, no variable that holds a key."""
    folder = user_config_folder(os.environ)
    variables = {entry.variable for entry in entries if entry.variable}
    values = {os.environ.get(name, "").strip() for name in variables} - {""}
    return child_environment(
        os.environ,
        CredentialSet(
            secrets=known_secrets(os.environ, folder) | values | handled(),
            variables=frozenset(variables | {*layers.key_variables.values()}),
        ),
    )


@contextmanager
def _without_keys(environ: Mapping[str, str]) -> Iterator[None]:
    """Have the process' own environment so: the SDKs look there by themselves."""
    hidden = {name: os.environ.pop(name) for name in [*os.environ] if name not in environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _made(trial: Trial, environ: Mapping[str, str]) -> Verdict:
    """Make the call in another thread, so that Ctrl-C is heard whatever the call waits for."""
    ends: SimpleQueue[Verdict | BaseException] = SimpleQueue()
    make = partial(trial.make, environ)
    threading.Thread(target=_call, args=(make, ends.put), daemon=True).start()
    try:
        end = ends.get(timeout=_PATIENCE)
    except Empty:
        return Verdict(Result.FAILS, f"no answer within {_PATIENCE:g} s")
    if isinstance(end, BaseException):
        raise end
    return end


def _forget_rest(trial: Trial) -> None:
    if said := forget_rest(os.environ, trial.credential, trial.model.name):
        click.echo(printable(f"{trial.credential.name}: {said}"))


def _call(make: Callable[[], Verdict], put: Callable[[Verdict | BaseException], None]) -> None:
    try:
        put(make())
    except BaseException as error:  # noqa: BLE001 - raised again where somebody waits
        put(error)


def _exit_code(results: Sequence[Result]) -> int:
    if all(result in {Result.WORKS, Result.LIMITED} for result in results):
        return 0
    return 2 if all(result is Result.UNTRIED for result in results) else 1
