import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.child_spec import ChildSpec, ItemSpec, LeaseAccess
from agentos.core.items import Item, Kind
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits

paths = st.text(st.characters(exclude_characters="\0")).map(Path)
items = st.builds(Item, st.sampled_from(Kind), st.text(), st.text(), paths)
seconds = st.floats(0, 1e6)
limits = st.builds(TimeLimits, seconds, seconds, seconds)
commands = st.builds(CommandSettings, st.lists(st.text()).map(tuple), st.text(), st.text())
models = st.builds(
    ModelSettings,
    time_limits=limits,
    command=st.none() | commands,
    options=st.dictionaries(*[st.text()] * 2),
)
work = st.builds(ItemSpec, items, paths, paths, models, models, grace=seconds)
specs = st.builds(ChildSpec, work)

COMMAND = ModelSettings(
    "command/claude",
    base_url="http://127.0.0.1:8080",
    time_limits=TimeLimits(idle=7.5),
    command=CommandSettings(("claude", "-p"), "json", "ANTHROPIC_API_KEY", ("LANG", "HOME")),
    options={"effort": "high"},
)
SPEC = ChildSpec(
    ItemSpec(
        Item(Kind.LLD, "42", "A title", Path("/project/issues/042-a-title.md")),
        project=Path("/project"),
        state=Path("/project/.agentos"),
        drafter=ModelSettings("embedded"),
        reviewer=COMMAND,
        rounds=3,
        grace=3.0,
        again=True,
    ),
    LeaseAccess("/tmp/socket", b"authkey-geheim", ("token-geheim",)),
    events_fd=7,
)


@given(specs)
def test_a_spec_survives_its_way_to_the_child(spec: ChildSpec) -> None:
    assert ChildSpec.from_json(spec.to_json()) == spec


@given(specs)
def test_it_is_one_line_of_ascii(spec: ChildSpec) -> None:
    line = spec.to_json()
    assert line.isascii()
    assert "\n" not in line


def test_what_is_a_secret_is_in_the_line_and_in_no_repr() -> None:
    assert json.loads(SPEC.to_json())["leases"]["tokens"] == ["token-geheim"]
    assert "geheim" not in repr(SPEC)


def test_the_child_reads_what_the_parent_wrote() -> None:
    back = ChildSpec.from_json(SPEC.to_json())
    assert back.work.item.label == "LLD-42"
    assert back.work.again is True
    assert back.work.drafter == ModelSettings("embedded")
    assert back.work.reviewer == COMMAND
    assert back.leases.authkey == b"authkey-geheim"
    assert back.events_fd == 7


def test_a_value_without_a_place_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no place in a spec"):
        replace(SPEC, events_fd=cast("Any", object())).to_json()
