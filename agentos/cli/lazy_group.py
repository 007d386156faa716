"""A group that imports a command when it is asked for: completion and --version are quick."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem


class CommandPlace(NamedTuple):
    """Where a command is, as `module:attribute`, and its line in the --help of the group."""

    place: str
    summary: str


class LazyGroup(click.Group):
    """`commands_at` has each command's name, in the order in which they are shown."""

    def __init__(self, *args: Any, commands_at: Mapping[str, CommandPlace], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click hands it in
        """Names in the order of `commands_at`."""
        return [*self._commands_at]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click hands it in
        cmd_name: str,
    ) -> click.Command | None:
        """The command, imported; None for a name that there is not."""
        if cmd_name not in self._commands_at:
            return None
        module, _, attribute = self._commands_at[cmd_name].place.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table is ours
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command and the words behind its name; a mistyped name is told with close ones."""
        name, *rest = args
        command = self.get_command(ctx, name)
        if command is None:
            raise click.NoSuchCommand(name, possibilities=self._commands_at, ctx=ctx)
        return name, command, rest

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click hands it in
        formatter: click.HelpFormatter,
    ) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.summary) for name, command in self._commands_at.items()]
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands and options, likewise."""
        commands = [
            CompletionItem(name, help=command.summary)
            for name, command in self._commands_at.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)
