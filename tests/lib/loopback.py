"""Runs against loopback providers: where they are and with which made-up keys, for a command."""

from collections import Counter
from pathlib import Path

from agentos.testing import LoopbackServer

KEYS = {
    "draft-a": "sk-loopback-aaaaaaaaaaaa",
    "draft-b": "sk-loopback-bbbbbbbbbbbb",
    "review-c": "sk-ant-loopback-cccccccc",
}
NAMES = {secret: name for name, secret in KEYS.items()}
MODELS = ("--drafter", "openai/draft-1", "--reviewer", "anthropic/review-1")


def environment(drafting: LoopbackServer, reviewing: LoopbackServer) -> dict[str, str]:
    """Three credentials and two addresses."""
    variables = {f"KEY_{name[-1].upper()}": secret for name, secret in KEYS.items()}
    return variables | {
        "AGENTOS_CREDENTIALS": (
            "draft-a:KEY_A:openai,draft-b:KEY_B:openai,review-c:KEY_C:anthropic"
        ),
        "OPENAI_BASE_URL": drafting.base_url("openai"),
        "ANTHROPIC_BASE_URL": reviewing.base_url("anthropic"),
    }


def user_config(home: Path, text: str) -> None:
    """Write the user's own config file, below the folder that XDG_CONFIG_HOME names."""
    folder = home / "config" / "agentos"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def server_ends(*servers: LoopbackServer) -> "Counter[tuple[str, str]]":
    """How many requests with each credential ended how, as the servers counted them."""
    return Counter(
        (NAMES[exchange.asked.secret], str(exchange.end))
        for server in servers
        for exchange in server.exchanges
    )
