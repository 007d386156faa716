import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from agentos.core.calls import Model
from agentos.core.errors import ConfigError
from agentos.core.installation import install_command
from agentos.core.model_settings import ModelSettings
from agentos.models import registry
from agentos.models.registry import installed, load_model, load_provider

OURS = ["anthropic", "command", "embedded", "gemini", "openai"]
EMBEDDED = ModelSettings("embedded")

# Imports all that is installed, then says which SDK that brought along.
LOADER = """
import sys
from agentos.models.registry import installed, load_provider
entries = installed()
assert not any(name in sys.modules for entry in entries.values() for name in [entry.module])
for entry in entries.values():
    assert load_provider(entry.value).name == entry.name
print([name for name in ("anthropic", "openai", "google.genai", "httpx") if name in sys.modules])
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody else's distribution with a provider of its own."""
    metadata = tmp_path / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[agentos.models]\nmine = mine_of_theirs:FAMILY\n")
    module = tmp_path / "mine_of_theirs.py"
    module.write_text(
        "from agentos.core.providers import Provider\n"
        "FAMILY = Provider('mine', lambda settings, environ: (settings, environ))\n"
        "NOTHING = object()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_of_theirs", raising=False)
    return module


class TestInstalled:
    def test_our_providers_come_in_by_the_same_door_as_others(self, other_package: Path) -> None:
        entries = installed()
        assert {*OURS, "mine"} <= set(entries)
        assert list(entries) == sorted(entries)
        assert "mine_of_theirs" not in sys.modules
        assert load_provider(entries["mine"].value).name == "mine"

    def test_no_sdk_is_imported_for_a_provider(self) -> None:
        found = subprocess.run(
            [sys.executable, "-P", "-c", LOADER], capture_output=True, text=True, check=False
        )
        assert (found.stdout, found.stderr) == ("[]\n", "")

    def test_two_packages_with_one_name_are_both_named(
        self, other_package: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        metadata = other_package.parent / "yours-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: yours\nVersion: 1.0\n")
        entries = metadata / "entry_points.txt"
        entries.write_text("[agentos.models]\nmine = yours:PROVIDER\n")
        with pytest.raises(ConfigError, match="provider called mine: ") as caught:
            installed()
        assert {"mine", "yours"} == set(str(caught.value).rpartition(": ")[2].split(" and "))
        assert caught.value.hint == "uninstall one of them"
        entries.write_text("[agentos.models]\nmine = mine_of_theirs:FAMILY\n")
        importlib.invalidate_caches()
        assert "mine" in installed()  # one package that is found twice

    def test_a_package_without_its_own_models_has_to_be_installed_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda *, group: ())
        with pytest.raises(ConfigError, match="its own models") as caught:
            installed()
        assert caught.value.hint == f"install it again, from its folder: {install_command('.')}"


class TestLoading:
    def test_settings_alone_are_the_embedded_model(self) -> None:
        model: Model = load_model(EMBEDDED, {})
        assert (model.name, model.provider) == ("embedded", "embedded")

    def test_a_provider_gets_settings_and_environment(self, other_package: Path) -> None:
        settings = ModelSettings("mine/large", "mine_of_theirs:FAMILY")
        built: object = load_model(settings, {"A": "1"})
        assert built == (settings, {"A": "1"})

    @pytest.mark.parametrize(
        ("entry_point", "sentence"),
        [
            ("no_such_module:PROVIDER", "cannot be imported: No module named 'no_such_module'"),
            ("mine_of_theirs:MISSING", "mine_of_theirs:MISSING is no model provider"),
            ("mine_of_theirs:NOTHING", "mine_of_theirs:NOTHING is no model provider"),
        ],
    )
    def test_what_is_no_provider_is_an_error(
        self, other_package: Path, entry_point: str, sentence: str
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            load_model(ModelSettings("mine/large", entry_point), {})
        assert sentence in str(caught.value)


class TestLatency:
    @pytest.mark.parametrize("latency", ["", " ", "0", "0.25", "1e1"])
    def test_it_is_a_number_of_seconds(self, latency: str) -> None:
        load_model(EMBEDDED, {"AGENTOS_EMBEDDED_LATENCY": latency})

    @pytest.mark.parametrize("latency", ["soon", "-1", "nan", "inf", "1,5", "999999"])
    def test_a_bad_one_is_an_error(self, latency: str) -> None:
        with pytest.raises(ConfigError, match="AGENTOS_EMBEDDED_LATENCY is no number") as refused:
            load_model(EMBEDDED, {"AGENTOS_EMBEDDED_LATENCY": latency})
        assert latency not in str(refused.value)  # it may be a key that went astray
