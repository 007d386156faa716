"""Wrong ways in that people take, and the command that they meant."""

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import click

_ROOT, _BATCHES = "agentos", "agentos parallel"
_ONE_ITEM = ("agentos lld", "agentos issue")

_COMMANDS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        ("help",): "type: agentos --help, or agentos COMMAND --help",
        ("version",): "type: agentos --version",
        ("run", "start", "go", "all", "batch", "work"): "for all that is open type: "
        "agentos parallel lld --all, or agentos parallel issue --all",
        ("resume", "continue", "retry"): "the same command again goes on where it was, "
        "such as: agentos parallel lld --all",
        ("plan", "dry-run", "estimate", "cost", "costs"): "type: "
        "agentos parallel lld --all --dry-run",
        ("list", "ls", "items", "show", "log", "logs"): "type: agentos status",
        ("login", "auth", "key", "keys", "secret", "secrets"): "type: agentos credentials add NAME",
        ("check", "diagnose", "verify"): "type: agentos doctor",
        ("new", "create", "setup", "install"): "type: agentos init",
        ("trust",): "type: agentos config trust",
        ("completions", "complete"): "type: agentos completion",
    }
)

_ISSUE = re.compile(r"(?:LLD-)?[0-9]{1,18}", re.IGNORECASE)


def what_was_meant(error: click.UsageError) -> str:
    """A sentence that says what to type; empty where click's own says all.

    It repeats nothing of what was typed but names of ours, numbers, and options.
    """
    if error.ctx is None:
        return ""
    path = error.ctx.command_path
    if isinstance(error, click.NoSuchCommand):
        return _no_such_command(error.command_name, error, error.ctx)
    if isinstance(error, click.NoSuchOption):
        return _no_such_option(error.option_name, error.ctx)
    if isinstance(error, click.MissingParameter) and path in _ONE_ITEM:
        return (
            f"Say which item; `agentos status` lists them. For all that are open type: "
            f"{_batch_of(path)} --all"
        )
    if path in _ONE_ITEM and error.message.startswith("Got unexpected extra argument"):
        return f"`{path}` works on one item. For several type: {_batch_of(path)} ITEM ITEM"
    return ""


def _no_such_command(name: str, error: click.NoSuchCommand, ctx: click.Context) -> str:
    if ctx.command_path == _ROOT:
        for names, hint in _COMMANDS.items():
            if name.lower() in names:
                return f"There is no command {name!r}; {hint}"
        if _ISSUE.fullmatch(name):
            return f"Say what to do with it; for its design document type: agentos lld {name}"
    if error.possibilities:
        return ""
    begun = [one for one in _names_in(ctx) if one.startswith(name)]
    if len(begun) == 1:
        return f"There is no command {name!r}. Did you mean {begun[0]!r}?"
    if ctx.command_path == _BATCHES:
        return _say_of_what()
    return ""


def _names_in(ctx: click.Context) -> list[str]:
    return ctx.command.list_commands(ctx) if isinstance(ctx.command, click.Group) else []


def _no_such_option(option: str, ctx: click.Context) -> str:
    path = ctx.command_path
    if path == _ROOT and option in ("-v", "-V"):
        return f"There is no option {option!r}; type: agentos --version"
    if close := _close(option, _options_of(ctx.command, ctx)):
        return f"There is no option {option!r}. Did you mean {' or '.join(map(repr, close))}?"
    of_batches = _close(option, _batch_options(ctx))
    told = _option_of_batches(of_batches[0], path) if of_batches else ""
    return told or f"There is no option {option!r}."


def _close(option: str, names: Iterable[str]) -> list[str]:
    """Those that are like it without their dashes, which make all long ones alike."""
    if option in names or not option.startswith("--"):
        return [option] if option in names else []
    by_word = {name.removeprefix("--"): name for name in names if name.startswith("--")}
    close = difflib.get_close_matches(option.removeprefix("--"), by_word, n=2)
    return [by_word[word] for word in close]


def _option_of_batches(option: str, path: str) -> str:
    """The command, at `path`, has no such option; `parallel lld` has."""
    if path == _ROOT and option == "--project":
        return "--project stands behind the command; type: agentos status --project DIR"
    if path in (_ROOT, _BATCHES):
        return _say_of_what()
    if path in _ONE_ITEM:
        return (
            f"`{path}` works on one item and has no {option!r}. For many type: "
            f"{_batch_of(path)} --all"
        )
    return ""


def _batch_options(ctx: click.Context) -> set[str]:
    command: click.Command | None = ctx.find_root().command
    for name in ("parallel", "lld"):
        if isinstance(command, click.Group):
            command = command.get_command(ctx, name)
    return _options_of(command, ctx) if command else set()


def _options_of(command: click.Command, ctx: click.Context) -> set[str]:
    return {name for param in command.get_params(ctx) for name in param.opts}


def _batch_of(path: str) -> str:
    return f"{_BATCHES} {path.removeprefix(_ROOT).strip()}"


def _say_of_what() -> str:
    return (
        f"Say what to write: `{_BATCHES} lld --all` is a design document for every open issue, "
        f"`{_BATCHES} issue --all` an issue for every idea brief."
    )
