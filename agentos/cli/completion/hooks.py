"""What completes the values of arguments and options: `shell_complete=` of click takes these.

A hook imports what it looks with when it is called: no other use of a command needs it.
"""
# ruff: noqa: PLC0415 - see above

import os
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from agentos.cli.completion.line import Typed
from agentos.core.items import Kind

Items = list["CompletionItem[str]"]


def complete_folder(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Folders, which the shell finds by itself."""
    return [CompletionItem(incomplete, type="dir")]


def complete_issues(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Numbers of open issues."""
    return _items(Kind.LLD, ctx, param, incomplete)


def complete_briefs(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of open briefs."""
    return _items(Kind.ISSUE, ctx, param, incomplete)


def complete_model(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Models that the config mentions, and what the others begin with."""
    from agentos.cli.completion.models import model_names

    return _starting(model_names(project_of(ctx), os.environ), incomplete)


def complete_account(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Who can be given a key: providers, and programs with a preset."""
    from agentos.cli.completion.models import account_names

    return _starting(account_names(), incomplete)


def complete_credentials(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of credentials, of all places."""
    from agentos.cli.completion.credentials import all_names

    return _names(all_names(project_of(ctx), os.environ), ctx, param, incomplete)


def complete_own_credentials(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of credentials in the user's own file, which can be removed."""
    from agentos.cli.completion.credentials import own_names

    return _names(own_names(os.environ), ctx, param, incomplete)


def project_of(ctx: click.Context) -> Path:
    """The folder that `--project` names, also behind the cursor; else this one.

    No shell has replaced `~` and variables when Tab is pressed.
    """
    named = ctx.params.get("project")
    rest = ctx.obj.rest if isinstance(ctx.obj, Typed) else ()
    for word, following in zip(rest, (*rest[1:], ""), strict=False):
        option, equals, value = word.partition("=")
        if option == "--project":
            named = value if equals else following
    return Path(os.path.expandvars(named or ".")).expanduser().resolve()


def _items(kind: Kind, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    from agentos.cli.completion.items import completed

    return [
        CompletionItem(word, help=title)
        for word, title in completed(kind, project_of(ctx), _given(ctx, param), incomplete)
    ]


def _names(names: Iterable[str], ctx: click.Context, param: click.Parameter, begun: str) -> Items:
    given = _given(ctx, param)
    return _starting([(name, "") for name in names if name not in given], begun)


def _given(ctx: click.Context, param: click.Parameter) -> tuple[str, ...]:
    """The values that the argument has already."""
    values = ctx.params.get(param.name or "")
    return tuple(map(str, values)) if isinstance(values, tuple) else ()


def _starting(names: Iterable[tuple[str, str]], incomplete: str) -> Items:
    return [CompletionItem(name, help=text) for name, text in names if name.startswith(incomplete)]
