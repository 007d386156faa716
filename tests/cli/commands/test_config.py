import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Agentos

KEY, OTHER = "sk-ant-api03-Zm9vYmFy/+=", "AIzaSyD-1234567890abcdefghijklmnopqrstu"
ADDRESS = "http://localhost:9/v1"
LONG = "word-" * 50


@pytest.fixture
def config(project: Path) -> Path:
    return project / "agentos.toml"


def rows(output: str) -> list[list[str]]:
    """The cells of a table."""
    return [line.split("  ") for line in output.splitlines() if "  " in line]


class TestShow:
    def test_of_what_nobody_set_the_models_are_shown(self, agentos: Agentos) -> None:
        code, output = agentos("config", "show")
        assert code == 0
        assert [line.split() for line in output.splitlines()] == [
            ["drafter", "embedded", "default"],
            ["reviewer", "embedded", "as", "the", "drafter"],
        ]

    def test_each_value_is_shown_with_the_place_that_counts(
        self,
        agentos: Agentos,
        config: Path,
        user_config: Callable[[str], None],
        own_home: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        user_config("budget = 2.5\nmax_tokens = 7\n[commands.mine]\nargv = ['mine', '-q']\n")
        config.write_text(
            'reviewer = "embedded"\nbudget = 9\nmax_tokens = 6\n'
            "[providers.openai]\nmax_output_tokens = 300\n"
        )
        monkeypatch.setenv("AGENTOS_DRAFTER", "openai/x")
        code, output = agentos("config", "show")
        assert code == 0
        users = str(own_home / "config" / "agentos" / "config.toml")
        shown = [tuple(cell.strip() for cell in row if cell) for row in rows(output)]
        assert shown == [
            ("budget", "2.5", users),
            ("commands.mine.argv", "mine -q", users),
            ("drafter", "openai/x", "AGENTOS_DRAFTER"),
            ("max_tokens", "6", str(config)),
            ("providers.openai.max_output_tokens", "300", str(config)),
            ("reviewer", "embedded", str(config)),
            *(
                (f'models."openai/x".{key}', value, "default")
                for key, value in (
                    ("connect_timeout", "10"),
                    ("idle_timeout", "120"),
                    ("max_input_tokens", "100000"),
                    ("total_timeout", "900"),
                )
            ),
        ]
        assert "Not trusted" not in output

    def test_what_is_not_trusted_is_said_with_what_to_type(
        self, agentos: Agentos, project: Path, config: Path
    ) -> None:
        config.write_text(
            f'[providers.openai]\nbase_url = "{ADDRESS}"\n[prices."openai/x"]\ninput = 0\n'
        )
        code, output = agentos("config", "show")
        assert code == 0
        asks = 'providers.openai.base_url, prices."openai/x".input'
        assert f"\n\nNot trusted, so nothing runs: {asks}. Read the file" in output
        typed = shlex.split(output.partition("type: ")[2])
        assert typed == ["agentos", "config", "trust", "--project", str(project)]

        assert agentos(*typed[1:-2])[0] == 0
        assert "Not trusted" not in agentos("config", "show")[1]

    def test_a_file_that_is_wrong_is_a_sentence(self, agentos: Agentos, config: Path) -> None:
        config.write_text(f'budget = "{KEY}"')
        code, output = agentos("config", "show")
        assert code == 2
        assert "agentos.toml: budget must be a number of US dollars" in output
        assert KEY not in output


class TestTrust:
    def test_where_nothing_asks_for_it_nothing_is_written(
        self, agentos: Agentos, config: Path, own_home: Path
    ) -> None:
        for text in (None, 'drafter = "openai/x"\n'):
            if text is not None:
                config.write_text(text)
            code, output = agentos("config", "trust")
            assert code == 0
            assert output.startswith(f"Nothing to trust: {config} sets nothing")
        assert list(own_home.rglob("*")) == []

    def test_what_is_trusted_is_shown_and_nothing_else(
        self, agentos: Agentos, config: Path
    ) -> None:
        config.write_text(
            f'max_tokens = 7\n[providers.openai]\nbase_url = "{ADDRESS}"\nidle_timeout = 5\n'
            f'[commands.mine]\nargv = ["mine", "\\u001b[2J", "{LONG}"]\n'
            '[[credential]]\nname = "team"\nenv = "TEAM_KEY"\nprovider = "openai"\n'
        )
        code, output = agentos("config", "trust")
        assert code == 0
        assert output.splitlines() == [
            f"Trusted from now on, in {config}:",
            f"  providers.openai.base_url = {ADDRESS}",
            f"  commands.mine.argv = mine \\x1b[2J {LONG}",
            "  credential = the variable TEAM_KEY, for openai",
        ]
        assert agentos("config", "trust")[1].startswith("Nothing to trust")

    def test_a_secret_in_the_wrong_place_is_not_shown(self, agentos: Agentos, config: Path) -> None:
        config.write_text(
            f'[[credential]]\nname = "{KEY}"\nenv = "{OTHER}"\nprovider = "{KEY}"\n'
            f'[[credential]]\nname = "team"\nsecret = "{KEY}"\n'
        )
        code, output = agentos("config", "trust")
        assert code == 0
        assert output.count("credential = the variable ...") == 2
        assert KEY not in output
        assert OTHER not in output

    def test_once_the_file_says_something_else_it_is_asked_for_again(
        self, agentos: Agentos, config: Path
    ) -> None:
        config.write_text(f'[providers.openai]\nbase_url = "{ADDRESS}"\n')
        assert agentos("config", "trust")[1].startswith("Trusted from now on")
        config.write_text(f'[providers.openai]\nbase_url = "{ADDRESS}0"\n')
        assert "Not trusted" in agentos("config", "show")[1]
