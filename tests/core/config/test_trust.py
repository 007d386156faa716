import json
import stat
from pathlib import Path

import pytest

from agentos.core.config.trust import TrustStore
from agentos.core.errors import ConfigError

ONE, TWO = Path("/work/shelf/agentos.toml"), Path("/work/other/agentos.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A config folder that is not there yet."""
    return tmp_path / "config" / "agentos"


def test_nothing_is_trusted_at_first(folder: Path) -> None:
    assert not TrustStore(folder).trusts(ONE, "hash")
    assert not folder.exists()


def test_a_content_is_trusted_until_it_changes(folder: Path) -> None:
    TrustStore(folder).trust(ONE, "hash")
    assert TrustStore(folder).trusts(ONE, "hash")
    assert not TrustStore(folder).trusts(ONE, "another")
    TrustStore(folder).trust(ONE, "another")
    assert TrustStore(folder).trusts(ONE, "another")
    assert not TrustStore(folder).trusts(ONE, "hash")


def test_the_same_content_elsewhere_is_not_trusted(folder: Path) -> None:
    store = TrustStore(folder)
    store.trust(ONE, "hash")
    assert not store.trusts(TWO, "hash")
    store.trust(TWO, "of its own")
    assert store.trusts(ONE, "hash")
    assert store.trusts(TWO, "of its own")


def test_the_list_is_its_owners_alone(folder: Path) -> None:
    TrustStore(folder).trust(ONE, "hash")
    path = folder / "trusted.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [entry.name for entry in folder.iterdir()] == [path.name]


def test_a_path_that_is_not_utf_8_is_a_path_all_the_same(folder: Path) -> None:
    odd = Path("/work/\udcff\N{SNOWMAN}\n/agentos.toml")
    TrustStore(folder).trust(odd, "hash")
    assert TrustStore(folder).trusts(odd, "hash")


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "7", "[" * 100_000, "\xff", "9" * 5000])
def test_a_damaged_list_is_told_and_left_as_it_is(folder: Path, text: str) -> None:
    path = folder / "trusted.json"
    folder.mkdir(parents=True)
    path.write_text(text, encoding="latin-1")
    for use in (TrustStore(folder).trusts, TrustStore(folder).trust):
        with pytest.raises(ConfigError, match=r"trusted\.json is damaged") as caught:
            use(ONE, "hash")
        assert "remove it" in caught.value.hint
    assert path.read_text(encoding="latin-1") == text


@pytest.mark.parametrize("value", [None, 7, True, ["hash"], {"hash": 1}])
def test_an_entry_of_another_kind_trusts_nothing(folder: Path, value: object) -> None:
    folder.mkdir(parents=True)
    (folder / "trusted.json").write_text(json.dumps({str(ONE): value}))
    store = TrustStore(folder)
    assert not store.trusts(ONE, "hash")
    store.trust(ONE, "hash")
    assert store.trusts(ONE, "hash")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"trusted\.json cannot be written: Not a directory"):
        TrustStore(tmp_path / "file" / "agentos").trust(ONE, "hash")


def test_a_folder_in_the_place_of_the_list_is_told(folder: Path) -> None:
    (folder / "trusted.json").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"trusted\.json cannot be read: Is a directory"):
        TrustStore(folder).trusts(ONE, "hash")
