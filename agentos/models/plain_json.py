"""Reading what a server sent as plain data: nothing of it has to be there, or of the right kind."""

from typing import Any


def value_at(value: object, *path: str) -> Any:
    """What lies at a path of nested mappings, None if nothing does."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_at(value: object, *path: str) -> str:
    """The same where it is a text, else the empty one."""
    found = value_at(value, *path)
    return found if isinstance(found, str) else ""
