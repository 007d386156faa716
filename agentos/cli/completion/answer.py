"""The answer to a shell that asks what could come next; there is always one, if an empty one."""

import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType, MappingProxyType

import click
from click.shell_completion import CompletionItem, ShellComplete

from agentos.cli.completion.line import Typed, typed_in
from agentos.cli.completion.scripts import BEFORE, INSTRUCTION, LINE, SCRIPTS, WORD
from agentos.core.terminal_text import printable

PATIENCE = 3.0
"""Seconds after which nothing is offered: a project may lie on a disk that does not answer."""

# What every shell takes as it is, within quotes and without. All of ours are such words; a name
# that somebody put into a config need not be one, and is then not offered.
_SAFE = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")

_LONGEST_TEXT = 70


def answer(group: click.Group, instruction: str, environ: Mapping[str, str]) -> None:
    """Write it to stdout. No error is told, whatever is wrong with the line or the project."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    data = answered(group, instruction, environ).encode("utf-8", "replace")
    with suppress(OSError):
        while data:
            data = data[os.write(1, data) :]


def _give_up(_signum: int, _frame: FrameType | None) -> None:
    os._exit(0)


def answered(group: click.Group, instruction: str, environ: Mapping[str, str]) -> str:
    """The lines for `bash_complete` and the like; empty where there is nothing to offer."""
    shell, _, wish = instruction.partition("_")
    if shell not in SCRIPTS or wish not in {"complete", "source"}:
        return ""
    if wish == "source":
        return SCRIPTS[shell]
    with suppress(Exception, SystemExit):
        typed = typed_in(environ.get(BEFORE, ""), environ.get(LINE, ""))
        found = [item for item in _found(group, typed) if _is_offered(item, typed)]
        lines = _FORMATS[shell](found, typed, environ)
        return "".join(f"{line}\n" for line in lines)
    return ""


def _found(group: click.Group, typed: Typed) -> Sequence["CompletionItem[str]"]:
    click_completion = ShellComplete(group, {"obj": typed}, "agentos", INSTRUCTION)
    found = click_completion.get_completions([*typed.words], typed.started)
    return [one if one.type == "plain" else CompletionItem("", type=one.type) for one in found]


def _is_offered(item: "CompletionItem[str]", typed: Typed) -> bool:
    if item.type != "plain":  # folders, which the shell finds
        return True
    word = _before_value(typed.started) + item.value
    return word != typed.started and _SAFE.fullmatch(word) is not None


def _before_value(started: str) -> str:
    """What stands before the value of `--option=value`, else nothing."""
    option, equals, _ = started.partition("=")
    return option + equals if equals and option.startswith("--") else ""


def _text(item: "CompletionItem[str]") -> str:
    """The text beside a word: one line that does nothing to a screen."""
    return printable(" ".join((item.help or "").split()), _LONGEST_TEXT)


def _is_stem(item: "CompletionItem[str]") -> bool:
    """Whether the word goes on, as `openai/` does."""
    return item.value.endswith("/")


def _for_bash(
    found: Sequence["CompletionItem[str]"], typed: Typed, environ: Mapping[str, str]
) -> list[str]:
    """What bash replaces is a part of the word only: it has cut it at `=` and `:`."""
    word = environ.get(WORD, "")
    kept = typed.started.removesuffix(word) if typed.started.endswith(word) else ""
    before = _before_value(typed.started)
    lines = [f"{one.type},{(before + one.value).removeprefix(kept)}" for one in found]
    return lines + (["nospace,"] if found and all(map(_is_stem, found)) else [])


def _for_zsh(
    found: Sequence["CompletionItem[str]"], _typed: Typed, _environ: Mapping[str, str]
) -> list[str]:
    """Three lines a word: its kind, the word, where a text follows with `:` escaped, the text."""
    lines = []
    for one in found:
        kind, value, text = one.type, one.value, _text(one)
        if kind == "plain" and (text or _is_stem(one)):
            kind = "stem" if _is_stem(one) else "described"
            value = value.replace(":", r"\:")
        lines += [kind, value, text]
    return lines


def _for_fish(
    found: Sequence["CompletionItem[str]"], typed: Typed, _environ: Mapping[str, str]
) -> list[str]:
    """What fish compares is the whole word; it takes what follows a tab as text."""
    before = _before_value(typed.started)
    return [
        f"{one.type},{before}{one.value}" + (f"\t{text}" if (text := _text(one)) else "")
        for one in found
    ]


_FORMATS: Mapping[
    str, Callable[[Sequence["CompletionItem[str]"], Typed, Mapping[str, str]], list[str]]
] = MappingProxyType({"bash": _for_bash, "zsh": _for_zsh, "fish": _for_fish})
