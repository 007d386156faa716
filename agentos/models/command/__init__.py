"""Any program that takes a prompt on stdin: `command/NAME`.

It runs in an empty folder, with an environment of what it needs and no credential but its own, and
whatever it starts ends with the call. That keeps it from meeting the project by accident; it is no
sandbox, for the program has all rights of its user.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace

from agentos.core.calls import Answer, Refusal, RefusalCode, RefusalKind, Request, Usage
from agentos.core.errors import ConfigError
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits
from agentos.core.providers import Provider
from agentos.models.command.environment import program_environment, search_path
from agentos.models.command.output import read
from agentos.models.command.presets import PRESETS, Preset
from agentos.models.command.process import MAX_OUTPUT, End, Program, Run, run
from agentos.models.prompt import bound, join

_NAME = "command"
_OUTPUTS = ("text", "json")


class CommandModel:
    """One program, run anew for each call. `executable` is its absolute path."""

    def __init__(
        self,
        settings: ModelSettings,
        command: CommandSettings,
        executable: str,
        limits: TimeLimits,
        environ: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._command = command
        self._executable = executable
        self._limits = limits
        self._environ = environ

    @property
    def name(self) -> str:
        """The full name, `command/NAME`."""
        return self._settings.name

    @property
    def provider(self) -> str:
        """The full name again: a credential of this program's is nobody else's."""
        return self._settings.name

    def bound(self, request: Request) -> Usage:
        """What the prompt and the output limit come to; what the program adds, nobody knows."""
        return bound(join(request), self._settings.max_output_tokens)

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        """Run the program once; its tokens are known only where its JSON tells them."""
        program = Program(
            self._executable,
            self._command.argv,
            program_environment(self._environ, self._command, secret),
        )
        prompt = join(request).whole.encode("utf-8", "replace")
        try:
            ended = run(program, prompt, self._limits, self._environ)
        except OSError as error:  # of this machine, not of the program
            return Refusal(
                RefusalKind.TRANSIENT, f"{self.name} could not be started: {error.strerror}"
            )
        if ended.end is End.EXITED:
            return read(ended, self._command.output, self.name, secret)
        return self._broken(ended)

    def _broken(self, ended: Run) -> Refusal:
        """The refusal for a run that did not come to its own end; nobody knows what it cost."""
        match ended.end:
            case End.NOT_STARTED:
                return Refusal(
                    RefusalKind.REQUEST,
                    f"{self._executable} cannot be executed: {os.strerror(ended.code)}; check the"
                    f" command of {self.name}, and that it is installed",
                    usage=Usage(),
                )
            case End.STALLED:
                return Refusal(
                    RefusalKind.TRANSIENT,
                    f"{self.name} wrote nothing for {self._limits.idle:g} s, so it was ended; raise"
                    " the idle limit if it needs longer",
                    code=RefusalCode.STALLED,
                )
            case End.TOO_LONG:
                return Refusal(
                    RefusalKind.TRANSIENT,
                    f"{self.name} was not done within {self._limits.total:g} s, so it was ended;"
                    " raise the total limit if it needs longer",
                    code=RefusalCode.TOO_LONG,
                )
            case End.OVERSIZED:
                return Refusal(
                    RefusalKind.REQUEST,
                    f"{self.name} wrote more than {MAX_OUTPUT // 1024**2} MiB, which is no answer;"
                    " check its command",
                    code=RefusalCode.OVERSIZED,
                )
        return Refusal(
            RefusalKind.TRANSIENT,
            f"{self.name} was ended from outside; the call can be repeated",
            code=RefusalCode.CUT,
        )


def _build(settings: ModelSettings, environ: Mapping[str, str]) -> CommandModel:
    limits = settings.time_limits
    home = ""
    command = settings.command
    if command is None:
        preset = _preset(settings)
        command = preset.with_model(settings.options.get("model", ""))
        limits = replace(limits, idle=max(limits.idle, preset.idle))
        home = preset.home
    if command.output not in _OUTPUTS:
        raise ConfigError(
            f"the output of {settings.name} is {command.output!r}", "set it to text or json"
        )
    return CommandModel(
        settings, command, _executable(settings.name, command, home, environ), limits, environ
    )


def _preset(settings: ModelSettings) -> Preset:
    preset = PRESETS.get(settings.model)
    if preset is None:
        raise ConfigError(
            f"there is no command for {settings.name}",
            f"name one of {', '.join(f'{_NAME}/{name}' for name in PRESETS)}, or set argv in"
            f" [commands.{settings.model}] of your config",
        )
    if preset.tools_stay_on and settings.options.get("allow_tools") != "true":
        raise ConfigError(
            f"{settings.name} has no flag that switches its tools off: {preset.tools_stay_on}",
            f"if that is fine, set allow_tools = true in [commands.{settings.model}] of your own"
            " config or of a trusted project's",
        )
    return preset


def _executable(name: str, command: CommandSettings, home: str, environ: Mapping[str, str]) -> str:
    program = command.argv[0] if command.argv else ""
    if os.sep in program and not program.startswith(os.sep):
        raise ConfigError(
            f"the command of {name} begins with {program!r}, and it runs in a folder of its own",
            "give its absolute path, or a name that is on PATH",
        )
    if not program:
        raise ConfigError(
            f"the command of {name} is empty", "give it the program and its arguments"
        )
    found = shutil.which(program, path=search_path(environ))
    if found is None:
        raise ConfigError(
            f"the program {program!r} of {name} is not on PATH, or cannot be executed",
            f"install it ({home})" if home else "install it, or correct the command",
        )
    return found


PROVIDER = Provider(_NAME, _build, needs_key=False)
