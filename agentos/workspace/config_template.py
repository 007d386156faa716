"""A commented agentos.toml: every setting that there is, one of them set. Pure."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace

from agentos.core.config.known_settings import (
    PRICE_DATE,
    SETTINGS,
    TABLES,
    KnownSetting,
    KnownTable,
)
from agentos.core.config.schema import needs_trust

_WIDTH = 100

_HEADER = """\
# The settings of agentos in this project.
#
# A line such as `#budget = 10` is a setting with an example: take the # away, and that of the
# [heading] above it. `agentos config show` says what counts and where it was set: options come
# first, then AGENTOS_... variables, this file, your own config.toml, and the defaults.
#
# Keys never belong here: `agentos credentials add NAME` keeps them where only you can read them.
# What is marked [trust] counts only once you typed `agentos config trust`, and again after each
# change of this file, so that somebody else's project cannot start programs or send your code away.
"""


def config_text(drafter: str | None) -> str:
    """The file. `drafter` is set in it; with None that line is an example, as all others are."""
    parts = [_HEADER]
    for name, known in SETTINGS.items():
        if name == "drafter" and drafter is not None:
            chosen = json.dumps(drafter, ensure_ascii=False)
            parts.append(_setting(name, replace(known, example=chosen), is_set=True))
        else:
            parts.append(_setting(name, known))
    parts += [_table(name, table) for name, table in TABLES.items()]
    return "\n".join(parts)


def _setting(name: str, known: KnownSetting, *, is_set: bool = False) -> str:
    """One of those at the top, with what it means above it."""
    return f"# {_begun(_sentence(known))}\n{'' if is_set else '#'}{name} = {known.example}\n"


def _table(name: str, table: KnownTable) -> str:
    """A table of settings, each with what it means beside it."""
    heading = table.heading
    group = heading.strip("[]").partition(".")[2].strip('"')
    marked = {key: needs_trust((name, group, key), "") for key in table.settings}
    lines = [f"# {_begun(_plain(table.meaning))}{_mark(all(marked.values()))}"]
    if name == "prices":
        lines += ["#[prices]", *_aligned({"date": PRICE_DATE}, {})]
    lines.append(f"#{heading}")
    lines += _aligned(table.settings, {} if all(marked.values()) else marked)
    return "\n".join(lines) + "\n"


def _aligned(settings: Mapping[str, KnownSetting], marked: Mapping[str, bool]) -> Iterator[str]:
    assigned = {key: f"#{key} = {known.example}" for key, known in settings.items()}
    column = max(map(len, assigned.values())) + 2
    for key, known in settings.items():
        text = _sentence(known) + _mark(marked.get(key, False))
        first, *more = textwrap.wrap(text, _WIDTH - column - len("# "))
        yield f"{assigned[key]:{column}}# {first}"
        yield from (f"#{'':{column - 1}}# {line}" for line in more)


def _sentence(known: KnownSetting) -> str:
    if known.default == "none":
        return _plain(known.meaning)
    is_example = known.default.replace(",", "") == known.example.replace("_", "")
    default = "the default" if is_example else f"default: {known.default}"
    return _plain(f"{known.meaning}; {default}")


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _mark(is_marked: bool) -> str:
    return " [trust]" if is_marked else ""


def _plain(text: str) -> str:
    """Without the marks that make a text code in Markdown."""
    return text.replace("`", "")
