import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from tomlkit.exceptions import TOMLKitError

from agentos.core.errors import ConfigError
from agentos.vault import entry_tables
from agentos.vault.entry_tables import Entry, entry_called, names_in, with_entry, without_entry

PERSONS = """\
# my file

# team's key
[[credential]]
name = "team"   # the team
env = "X"

# the spare one
[[credential]]
name = "spare"
env = "Y"
# the end
"""

NEW: Entry = {"name": "new", "provider": "openai", "keyring": True}


def tables(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(text).get("credential", [])
    return found


def test_a_first_entry_makes_a_file() -> None:
    assert with_entry("", NEW) == (
        "# Credentials of agentos: written by `agentos credentials`, or by you.\n"
        '\n[[credential]]\nname = "new"\nprovider = "openai"\nkeyring = true\n'
    )


def test_a_new_entry_leaves_every_line_as_it_was() -> None:
    text = with_entry(PERSONS, NEW)
    assert text.startswith(PERSONS)
    assert tables(text)[2] == NEW
    assert names_in(text) == ["team", "spare", "new"]


def test_a_replaced_entry_keeps_its_place_and_all_comments() -> None:
    text = with_entry(PERSONS, {"name": "team", "provider": "openai", "keyring": True})
    assert text == PERSONS.replace('env = "X"\n', 'provider = "openai"\nkeyring = true\n')
    assert entry_called("team", text) == {"name": "team", "provider": "openai", "keyring": True}


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["team"], PERSONS.replace('[[credential]]\nname = "team"   # the team\nenv = "X"\n', "")),
        (["spare"], PERSONS.replace('[[credential]]\nname = "spare"\nenv = "Y"\n', "")),
        (["team", "spare"], "# my file\n\n# team's key\n\n# the spare one\n# the end\n"),
        (["spare", "team"], "# my file\n\n# team's key\n\n# the spare one\n# the end\n"),
    ],
)
def test_a_removed_entry_takes_no_comment_above_or_below_with_it(
    names: list[str], left: str
) -> None:
    text = PERSONS
    for name in names:
        text = without_entry(text, name)
    assert text == left


@pytest.mark.parametrize(
    "text",
    [
        "credential = [{name = 'team', env = 'X'}]\n",
        "credential = [\n  {name = 'team', env = 'X'},\n]\n",
        "[[credential]]\r\nname = 'team'\r\nenv = 'X'\r\n# the end",
        "[[credential]]\nname = 'team'\nenv = 'X'",
    ],
)
def test_other_ways_to_write_it_are_edited_too(text: str) -> None:
    team: Entry = {"name": "team", "env": "X"}
    both = with_entry(text, NEW)
    assert tables(both) == [team, NEW]
    assert tables(with_entry(both, {"name": "team", "keyring": True})) == [
        {"name": "team", "keyring": True},
        NEW,
    ]
    assert tables(without_entry(both, "new")) == [team]
    assert tables(without_entry(both, "team")) == [NEW]


def test_there_may_be_no_entry_or_none_of_that_name() -> None:
    assert entry_called("team", "") is None
    assert entry_called("tea", PERSONS) is None
    assert names_in("# nothing\n") == []
    assert tables(with_entry("credential = []", NEW)) == [NEW]


def test_an_edit_that_went_wrong_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_tables, "_append", lambda document, entry: None)
    with pytest.raises(ConfigError, match=r"^credentials\.toml is .* cannot be edited"):
        with_entry(PERSONS, NEW)


@pytest.mark.parametrize("written", ["what = ", "[[credential]]\nname = 'another'\n"])
def test_neither_is_what_another_parser_reads_otherwise(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setattr(tomlkit.TOMLDocument, "as_string", lambda _self: written)
    with pytest.raises(ConfigError, match=r"^credentials\.toml is .* cannot be edited"):
        with_entry(PERSONS, NEW)


def test_what_only_one_parser_reads_is_not_edited(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(_text: str) -> tomlkit.TOMLDocument:
        raise TOMLKitError(PERSONS)

    monkeypatch.setattr(tomlkit, "parse", strict)
    with pytest.raises(ConfigError, match=r"^credentials\.toml is .* cannot be edited"):
        without_entry(PERSONS, "team")


_NAMES = st.sampled_from(["a", "b", "c"])
_PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
_COMMENTS = st.lists(st.sampled_from(["", "# a word", "   # another"]), max_size=3)


@given(st.lists(st.tuples(_NAMES, _PRINTABLE | st.none(), _COMMENTS), max_size=8))
def test_any_order_of_edits_says_what_was_meant_and_loses_no_comment(
    edits: list[tuple[str, str | None, list[str]]],
) -> None:
    text, wanted, comments = "# mine\n", dict[str, str](), 1
    for name, secret, lines in edits:
        text += "".join(f"{line}\n" for line in lines)
        comments += sum("#" in line for line in lines)
        if secret is not None:
            text = with_entry(text, {"name": name, "secret": secret})
            wanted[name] = secret
        elif name in wanted:
            text = without_entry(text, name)
            del wanted[name]
        assert {one["name"]: one["secret"] for one in tables(text)} == wanted
        assert sum(line.lstrip().startswith("#") for line in text.splitlines()) == comments
