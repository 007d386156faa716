"""Command-line tools of the vendors, each as it takes one prompt and does nothing else.

The flags are those of the tools' current versions. An older one that does not know a flag says so
and ends, which is wanted: it is better to fail than to run with its tools on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agentos.core.model_settings import CommandSettings

_UNTIL_THE_END = 600.0
"""Seconds of silence that are usual for a tool which says nothing until its answer is whole."""


@dataclass(frozen=True, slots=True)
class Preset:
    """`command` has the flags that switch tools off, or make them read-only.

    `tools_stay_on` is a sentence about what these leave on, empty if nothing. `idle` is the silence
    in seconds that is allowed at least. `home` is where people find how to install it.
    """

    command: CommandSettings
    home: str
    idle: float = 0.0
    tools_stay_on: str = ""

    def with_model(self, model: str) -> CommandSettings:
        """The command that asks for a model by name; empty for the tool's own choice."""
        if not model:
            return self.command
        return CommandSettings(
            argv=(*self.command.argv, f"--model={model}"),
            output=self.command.output,
            key_variable=self.command.key_variable,
            keep=self.command.keep,
        )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "claude": Preset(
            CommandSettings(
                argv=(
                    "claude",
                    "--print",
                    "--output-format=json",
                    # No tool of its own, and none of a server that the user's config names.
                    *("--tools", ""),
                    "--strict-mcp-config",
                    # Neither user's nor project's settings, so no hooks and no plugins.
                    "--setting-sources=",
                    "--disable-slash-commands",
                    "--no-session-persistence",
                ),
                output="json",
                key_variable="ANTHROPIC_API_KEY",
                keep=("CLAUDE_CONFIG_DIR", "ANTHROPIC_BASE_URL", "NODE_EXTRA_CA_CERTS"),
            ),
            home="https://code.claude.com/docs",
            idle=_UNTIL_THE_END,
        ),
        "codex": Preset(
            CommandSettings(
                argv=(
                    *("codex", "exec", "--json"),
                    "--sandbox=read-only",
                    "--config=features.shell_tool=false",
                    "--config=features.apps=false",
                    "--config=features.plugins=false",
                    '--config=web_search="disabled"',
                    # Its config names servers with tools; the login does not depend on it.
                    "--ignore-user-config",
                    "--ignore-rules",
                    "--ephemeral",
                    "--skip-git-repo-check",
                ),
                output="json",
                key_variable="CODEX_API_KEY",
                keep=("CODEX_HOME", "CODEX_CA_CERTIFICATE"),
            ),
            home="https://developers.openai.com/codex",
            idle=_UNTIL_THE_END,
        ),
        "gemini": Preset(
            CommandSettings(
                argv=(
                    "gemini",
                    "--output-format=json",
                    "--approval-mode=plan",
                    "--extensions=none",
                    "--allowed-mcp-server-names=none",
                    "--skip-trust",  # of the empty folder, without which it does not start
                ),
                output="json",
                key_variable="GEMINI_API_KEY",
                keep=(
                    "GEMINI_CLI_HOME",
                    "GOOGLE_CLOUD_PROJECT",
                    "GOOGLE_CLOUD_LOCATION",
                    "GOOGLE_GENAI_USE_GCA",
                    "GOOGLE_GENAI_USE_VERTEXAI",
                    "NODE_EXTRA_CA_CERTS",
                ),
            ),
            home="https://geminicli.com",
            idle=_UNTIL_THE_END,
            tools_stay_on="its plan mode writes nothing, but it still reads files and searches the"
            " web, and hooks in the user's settings run",
        ),
        "llm": Preset(
            CommandSettings(
                argv=("llm", "prompt", "--no-log"),  # it has no tools unless asked for by a flag
                key_variable="OPENAI_API_KEY",
                keep=("XDG_CONFIG_HOME", "LLM_USER_PATH", "LLM_MODEL"),
            ),
            home="https://llm.datasette.io",
        ),
    }
)
