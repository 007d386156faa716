"""A page that is wrong fails: without that the blocks' tests would show nothing."""

from pathlib import Path

import pytest
from doc_blocks import parse_page
from doc_runner import desk_for, do

from agentos.core.errors import ConfigError

PAGE = """\
<!-- project: shelf 42 -->

# Title

```console
$ pwd; ls -1 issues
/home/ada/src/shelf
042-export-bibtex.md
```

<!-- file: ~/.config/agentos/config.toml -->
```toml
[providers.openai]
base_url = "http://localhost:8080/v1"
```

```console
$ agentos config show
...
providers.openai.base_url ... http://localhost:8080/v1 ... /home/ada/.config/agentos/config.toml
...
```
"""


def run(text: str, scratch: Path) -> Path:
    """Do every block of a page; gives the home in which they ran."""
    page = parse_page(text)
    with desk_for(page, scratch) as desk:
        for block in page.blocks:
            do(block, desk)
    return desk.home


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n```console\n$ echo one\ntwo\n```\n",
        "# T\n\n```console\n$ false\n```\n",
        "# T\n\n<!-- exits: 3 -->\n```console\n$ true\n```\n",
        "# T\n\n<!-- exits: 1 -->\n```console\n$ false\n$ false\n```\n",
        "# T\n\n<!-- types: Key: -> text -->\n```console\n$ true\n```\n",
        "# T\n\n```python\nassert False\n```\n",
    ],
)
def test_what_does_not_happen_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run(text, tmp_path)


@pytest.mark.parametrize(
    "toml",
    [
        "budgte = 1",
        "budget = -1",
        "[tool.agentos]\nbudgte = 1",
        '[[credential]]\nname = "a"\nkey = "b"',
        "[providers.openai]\nbase_url = 7",
    ],
)
def test_settings_that_the_product_would_refuse_fail(toml: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        run(f"# T\n\n```toml\n{toml}\n```\n", tmp_path)


def test_what_is_no_json_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expecting"):
        run('# T\n\n```json\n{"a": }\n```\n', tmp_path)


def test_a_page_begins_in_its_project_with_a_home_of_its_own(tmp_path: Path) -> None:
    home = run(PAGE, tmp_path)
    written = home / ".config/agentos/config.toml"
    assert written.stat().st_mode & 0o777 == 0o600
    assert ":8080" not in written.read_text()  # the port is that of the loopback provider
