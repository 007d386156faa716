"""A group that imports a command when it is asked for: completion and --version are quick."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """`commands_at` says for each command's name where it is, as `module:attribute`."""

    def __init__(self, *args: Any, commands_at: Mapping[str, str], **kwargs: Any) -> None:
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
        place = self._commands_at.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table is ours
        return command
