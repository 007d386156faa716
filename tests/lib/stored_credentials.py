"""What the tests of `agentos credentials` share."""

import tomllib
from pathlib import Path

KEY = "sk-made-up-0000000000"
OTHER = "AIzaSyMadeUp1234567890abcdefghijklmnop"


def entries(file: Path) -> list[dict[str, object]]:
    if not file.exists():
        return []
    found: list[dict[str, object]] = tomllib.loads(file.read_text()).get("credential", [])
    return found
