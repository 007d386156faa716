"""Which projects' configs the user trusts: by the path of the file and the hash of what it says."""

import json
from pathlib import Path

from agentos.core.config.toml_files import read_config_file
from agentos.core.errors import ConfigError
from agentos.core.files import replace_file

TRUST_FILE = "trusted.json"


class TrustStore:
    """The user's list; another content of the same file is not trusted."""

    def __init__(self, config_folder: Path) -> None:
        self._path = config_folder / TRUST_FILE

    def trusts(self, config: Path, digest: str) -> bool:
        """Whether this very content was trusted; raises ConfigError for a list that is damaged."""
        return self._read().get(str(config)) == digest

    def trust(self, config: Path, digest: str) -> None:
        """Remember the content, in place of an earlier one of the same file."""
        entries = self._read() | {str(config): digest}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
            replace_file(self._path, text.encode("ascii"), mode=0o600)
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be written: {error.strerror}") from None

    def _read(self) -> dict[str, str]:
        content, _ = read_config_file(self._path)
        if content is None:
            return {}
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise ConfigError(
                f"{self._path} is damaged", "remove it and trust your projects once more"
            )
        return data
