"""A project that was cloned is not trusted: nothing is sent and nothing runs before a word."""

import json
import sys
from pathlib import Path

from command import Workspace
from loopback import KEYS, user_config

from agentos.testing import LoopbackServer, author

STAND_IN = """\
import json, os, sys
prompt = sys.stdin.read()
json.dump({
    "argv": sys.argv[1:],
    "folder": os.getcwd(),
    "names": os.listdir(),
    "environment": dict(os.environ),
    "descriptors": sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None,
    "prompt": prompt,
}, open(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"seen-{os.getpid()}.json"), "w"))
is_review = "# Verdict: approved | needs revision" in prompt
print("# Verdict: approved" if is_review else "# LLD: A draft\\n\\nMade by a program of one's own.")
"""


def test_an_address_of_an_untrusted_project_is_not_used(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    with LoopbackServer(author) as server:
        (shelf.root / "agentos.toml").write_text(
            'drafter = "openai/x"\nreviewer = "openai/x"\n'
            f'[providers.openai]\nbase_url = "{server.base_url("openai")}"\n'
        )
        key = {"OPENAI_API_KEY": KEYS["draft-a"]}
        for command in (("parallel", "lld", "--all"), ("lld", "42")):
            code, output = shelf.run(*command, **key)
            assert code == 2
            assert "sets providers.openai.base_url, and this project is not trusted" in output
            assert "agentos config trust" in output
        assert server.connections == 0
        assert not (shelf.root / ".agentos").exists()

        assert shelf.run("config", "trust")[0] == 0
        code, output = shelf.run("parallel", "lld", "--all", **key)
        assert code in (0, 3), output
        asked = len(server.exchanges)
        assert asked

        config = shelf.root / "agentos.toml"
        config.write_text(config.read_text() + "# changed\n")
        code, output = shelf.run("parallel", "lld", "--all", "--again", **key)
        assert code == 2
        assert len(server.exchanges) == asked


def test_a_command_of_an_untrusted_project_does_not_run(shelf: Workspace, tmp_path: Path) -> None:
    shelf.keep_issues("042")
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    argv = json.dumps([sys.executable, str(script), "--quietly"])
    (shelf.root / "agentos.toml").write_text(
        'drafter = "command/mine"\nreviewer = "command/mine"\n'
        f'[commands.mine]\nargv = {argv}\nkey_variable = "MINE_KEY"\n'
        '[[credential]]\nname = "mine"\nenv = "SOME_KEY"\nprovider = "command/mine"\n'
    )
    variables = {
        "SOME_KEY": "a-key-of-the-command",
        "OPENAI_API_KEY": KEYS["draft-a"],
        "SECRETLY": "a-key-of-the-command",
    }
    code, output = shelf.run("parallel", "lld", "--all", **variables)
    assert code == 2
    assert "commands.mine.argv" in output
    assert list(tmp_path.glob("seen-*.json")) == []

    assert shelf.run("config", "trust")[0] == 0
    code, output = shelf.run("parallel", "lld", "--all", **variables)
    assert code in (0, 3), output
    seen = [json.loads(path.read_text()) for path in tmp_path.glob("seen-*.json")]
    assert seen
    for one in seen:
        assert one["argv"] == ["--quietly"]
        assert one["names"] == []
        assert not Path(one["folder"]).exists()
        assert not Path(one["folder"]).is_relative_to(shelf.root)
        assert one["environment"]["MINE_KEY"] == "a-key-of-the-command"
        others = {name: value for name, value in one["environment"].items() if name != "MINE_KEY"}
        assert not any("a-key-of-the-command" in value for value in others.values())
        assert KEYS["draft-a"] not in str(one)
        assert str(shelf.root) not in str(one["environment"]) + one["folder"]
        assert one["descriptors"] in (None, ["0", "1", "2", "3"])  # the third lists the folder
        assert "BibTeX" in one["prompt"]
    assert "a-key-of-the-command" not in output


def test_in_the_foreground_a_command_gets_no_credential_that_is_not_its_own(
    shelf: Workspace, tmp_path: Path, own_home: Path
) -> None:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    argv = json.dumps([sys.executable, str(script)])
    user_config(
        own_home,
        f"[commands.mine]\nargv = {argv}\n"
        'keep = ["OPENAI_API_KEY", "TEAM_KEY", "COPY_OF_IT", "HARMLESS"]\n',
    )
    code, output = shelf.run(
        *("lld", "42", "--drafter", "command/mine"),
        AGENTOS_CREDENTIALS="team:TEAM_KEY:anthropic",
        TEAM_KEY=KEYS["review-c"],
        OPENAI_API_KEY=KEYS["draft-a"],
        COPY_OF_IT=f"Bearer {KEYS['review-c']}",
        HARMLESS="kept",
    )
    assert code in (0, 3), output
    seen = [json.loads(path.read_text()) for path in tmp_path.glob("seen-*.json")]
    assert len(seen) >= 2  # it has reviewed its draft, too
    for one in seen:
        assert one["environment"]["HARMLESS"] == "kept"
        assert not {"OPENAI_API_KEY", "TEAM_KEY", "COPY_OF_IT"} & one["environment"].keys()
        assert not any(key in str(one) for key in KEYS.values())
