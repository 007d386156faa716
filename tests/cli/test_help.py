"""What every --help holds, walked through as click knows the commands."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from agentos.cli import main
from agentos.cli.exit_codes import IN_A_GROUP, MEANINGS, all_exit_codes

WIDTH = 80

Named = tuple[tuple[str, ...], click.Command]


def walk(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[Named]:
    yield names, command
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            child = command.get_command(ctx, name)
            assert child is not None
            yield from walk(child, (*names, name))


COMMANDS = dict(walk(main.agentos))

every_command = pytest.mark.parametrize("names", COMMANDS, ids=" ".join)


@pytest.fixture
def text(names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """Its --help, as a terminal of 80 columns gets it."""
    assert main.run([*names, "--help"]) == 0
    return capsys.readouterr().out


def examples_in(text: str) -> list[str]:
    """The commands under `Example:`, without what is said beside them, and redirections."""
    block = re.search(r"^ +Example:\n((?: +\S.*\n)+)", text, re.MULTILINE)
    assert block is not None
    lines = (re.split(r"\s{2,}| [<>|] ", line.strip())[0] for line in block[1].splitlines())
    return [line for line in lines if line.startswith("agentos ")]


@every_command
def test_an_example_is_a_command_that_can_be_typed(names: tuple[str, ...], text: str) -> None:
    examples = examples_in(text)
    own = " ".join(("agentos", *names))
    assert any(example.startswith(own) for example in examples)
    for example in examples:
        parse(shlex.split(example)[1:])


def parse(words: list[str]) -> None:
    """As click does, to the values of every argument; raises click.UsageError."""
    ctx = main.agentos.make_context("agentos", words)
    while isinstance(ctx.command, click.Group):
        name, command, rest = ctx.command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
        assert command is not None
        ctx = command.make_context(name, rest, parent=ctx)


def test_an_example_that_is_wrong_would_be_seen() -> None:
    for line in ("paralel lld", "parallel lld --evry", "lld", "status 42", "completion tcsh"):
        with pytest.raises(click.UsageError):
            parse(line.split())


@every_command
def test_the_exit_codes_are_said(names: tuple[str, ...], text: str) -> None:
    if not names:
        assert all_exit_codes().removeprefix("\b\n").splitlines()[1:] == [
            line.removeprefix("  ") for line in text.partition("Exit codes:\n")[2].splitlines()
        ]
    elif isinstance(COMMANDS[names], click.Group):
        assert IN_A_GROUP in " ".join(text.split())
    else:
        lines = text.partition("  Exit codes:\n")[2].splitlines()
        codes = [line.split()[0] for line in lines]
        assert codes[:3] == ["0", "1", "2"]
        assert set(codes[3:]) <= {str(code) for code in MEANINGS}
        assert lines[-1] == "    70 and 130 as in `agentos --help`"


@every_command
def test_it_fits_in_80_columns(text: str) -> None:
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []
    assert "\b" not in text


@every_command
def test_every_argument_and_option_is_explained(names: tuple[str, ...]) -> None:
    command = COMMANDS[names]
    ctx = click.Context(command)
    for param in command.get_params(ctx):
        assert param.help, param
        record = param.get_help_record(ctx)
        assert record is not None, f"{param} is hidden"
        if isinstance(param, click.Option) and not param.is_flag and param.name != "help":
            assert param.metavar or isinstance(param.type, click.Choice), param
            does_nothing = param.to_info_dict()["default"] is None
            assert "default" in record[1] or does_nothing, param


def test_each_line_of_a_list_of_commands_is_whole() -> None:
    for names, command in COMMANDS.items():
        if isinstance(command, click.Group):
            ctx = click.Context(command, info_name="agentos")
            text = command.get_help(ctx)
            for name in command.list_commands(ctx):
                line = re.search(rf"^  {name} +(.*)$", text, re.MULTILINE)
                assert line is not None
                assert line[1].endswith("."), (names, name)
                assert not line[1].endswith("..."), (names, name)
