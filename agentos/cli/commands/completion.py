"""`agentos completion`: the script by which a shell completes words of this command."""

import os
from pathlib import PurePath

import click

from agentos.cli.completion.scripts import SCRIPTS
from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import Choice
from agentos.core.errors import UsageError


@click.command(epilog=exit_codes(done="the script is printed"))
@click.argument(
    "shell",
    type=Choice(SCRIPTS),
    metavar="[SHELL]",
    required=False,
    help="bash, zsh or fish; without it, that of $SHELL.",
)
def completion(shell: str | None) -> int:
    """Print the script by which your shell completes commands, options, items and models.

    \b
    Try it in the shell that you are in:
      bash and zsh   eval "$(agentos completion)"
      fish           agentos completion fish | source

    \b
    For every new shell, once; it stays quiet where there is no agentos:
    bash
      agentos completion bash > ~/.agentos.bash
      echo '. ~/.agentos.bash' >> ~/.bashrc
    zsh
      agentos completion zsh > ~/.agentos.zsh
      echo '. ~/.agentos.zsh' >> ~/.zshrc
    fish
      mkdir -p ~/.config/fish/completions
      agentos completion fish > ~/.config/fish/completions/agentos.fish

    bash has to be 4.4 or newer; an older one is told so.

    \b
    Example:
      agentos completion bash
    """
    click.echo(SCRIPTS[shell or _users_shell()], nl=False)
    return 0


def _users_shell() -> str:
    path = os.environ.get("SHELL", "")
    name = PurePath(path).name
    if name not in SCRIPTS:
        found = f"SHELL is {path}" if path else "SHELL is not set"
        commands = (f"agentos completion {shell}" for shell in SCRIPTS)
        raise UsageError(
            f"for which shell is not known: {found}", f"type one of: {', '.join(commands)}"
        )
    return name
