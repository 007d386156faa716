"""What a child is told when it starts: one JSON line on its stdin, never argv or environment."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentos.core.items import Item, Kind
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits


@dataclass(frozen=True, slots=True)
class LeaseAccess:
    """How to reach the parent's lease server; authkey and tokens are secrets."""

    address: str
    authkey: bytes = field(repr=False)
    tokens: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """The work itself: the item, where its things lie, and who answers.

    With `again` the item is worked on even if it is finished. `grace` is in seconds.
    """

    item: Item
    project: Path
    state: Path
    drafter: ModelSettings
    reviewer: ModelSettings
    rounds: int
    grace: float
    again: bool = False


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """The work, and the child's way to its parent. `events_fd` is a pipe it inherits."""

    work: ItemSpec
    leases: LeaseAccess
    events_fd: int = -1

    def to_json(self) -> str:
        """One line of ASCII."""
        return json.dumps(dataclasses.asdict(self), default=_plain)

    @classmethod
    def from_json(cls, line: str) -> "ChildSpec":
        """Read what `to_json` wrote."""
        data = json.loads(line)
        work, item, leases = data["work"], data["work"].pop("item"), data["leases"]
        return cls(
            work=ItemSpec(
                item=Item(Kind(item["kind"]), item["id"], item["title"], Path(item["source"])),
                project=Path(work.pop("project")),
                state=Path(work.pop("state")),
                drafter=_model_settings(work.pop("drafter")),
                reviewer=_model_settings(work.pop("reviewer")),
                **work,
            ),
            leases=LeaseAccess(
                leases["address"], bytes.fromhex(leases["authkey"]), tuple(leases["tokens"])
            ),
            events_fd=data["events_fd"],
        )


def _model_settings(data: dict[str, Any]) -> ModelSettings:
    command = data.pop("command")
    if command is not None:
        argv, keep = tuple(command.pop("argv")), tuple(command.pop("keep"))
        command = CommandSettings(argv, keep=keep, **command)
    return ModelSettings(time_limits=TimeLimits(**data.pop("time_limits")), command=command, **data)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a spec")
