"""The environment: what of it is switches, and what of it a child may see."""

from collections.abc import Mapping

from agentos.core.config.credentials import PROVIDER_KEY_VARIABLES, CredentialSet
from agentos.core.masking import SHORTEST_SECRET

SIMULATE_VARIABLE = "AGENTOS_SIMULATE_429"

_TALKATIVE = frozenset({"ANTHROPIC_LOG", "OPENAI_LOG"})
"""Switches by which SDKs log requests, headers and answers past everything that masks them."""


def child_environment(environ: Mapping[str, str], credentials: CredentialSet) -> dict[str, str]:
    """`environ` without any variable that holds a credential, whatever it is called."""
    withheld = credentials.variables | PROVIDER_KEY_VARIABLES | _TALKATIVE
    return {
        name: value
        for name, value in environ.items()
        if name not in withheld and not _holds_secret(value, credentials.secrets)
    }


def simulate_rate_limits(environ: Mapping[str, str]) -> bool:
    """Whether AGENTOS_SIMULATE_429 asks for made-up rate limits."""
    return environ.get(SIMULATE_VARIABLE, "").strip().lower() in {"true", "1", "yes", "on"}


def _holds_secret(value: str, secrets: frozenset[str]) -> bool:
    # A shorter secret is looked for as a whole value: as a part it would be found everywhere.
    return any(
        secret in value if len(secret) >= SHORTEST_SECRET else secret == value.strip()
        for secret in secrets
    )
