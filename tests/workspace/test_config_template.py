import re
import tomllib

import pytest

from agentos.core.config.known_settings import SETTINGS, TABLES
from agentos.core.config.schema import needs_trust, settings_of
from agentos.core.config.toml_files import parse_toml
from agentos.workspace.config_template import config_text

SETTING_LINE = re.compile(r"#(?=[\[a-z])")


def uncommented(text: str) -> str:
    return "\n".join(SETTING_LINE.sub("", line) for line in text.splitlines())


def test_every_setting_occurs_and_is_valid_once_it_is_uncommented() -> None:
    text = uncommented(config_text(None))
    found = dict(settings_of(parse_toml(text.encode(), "agentos.toml"), "agentos.toml"))
    paths = {path[:1] + path[2:] if len(path) > 2 else path for path in found}
    tables = {(name, key) for name, table in TABLES.items() for key in table.settings}
    assert paths == {(name,) for name in SETTINGS} | tables | {("prices", "date")}


@pytest.mark.parametrize("name", ["embedded", "anthropic/x-1", 'odd/"quoted\\" \u00fcber'])
def test_the_drafter_that_was_chosen_is_all_that_is_set(name: str) -> None:
    assert tomllib.loads(config_text(name)) == {"drafter": name}
    assert tomllib.loads(config_text(None)) == {}
    assert '\n#drafter = "' in config_text(None)


def test_it_says_which_settings_of_a_project_need_trust_and_where_keys_go() -> None:
    text = config_text("embedded")
    assert "`agentos config trust`" in text
    assert "`agentos credentials add NAME`" in text
    marked: set[str] = set()
    in_marked_table = False
    for line in text.splitlines():
        if line.startswith("# "):
            in_marked_table = line.endswith("[trust]")
        elif (key := line.lstrip("#").partition(" = ")[0]) and line.endswith("[trust]"):
            marked.add(key)
        elif line.startswith("#[") and in_marked_table:
            marked.add(line[1:].partition(".")[0].strip("[]"))
    needing = {
        key for key in TABLES["providers"].settings if needs_trust(("providers", "x", key), "")
    }
    assert marked == needing | {"commands", "prices"}
    assert not any(needs_trust((key,), "embedded") for key in SETTINGS)


def test_it_is_pleasant_to_read() -> None:
    lines = config_text("embedded").splitlines()
    assert max(map(len, lines)) <= 100
    assert not any(line != line.rstrip() or "`max" in line for line in lines)
