"""Which models there are, by their full names."""

from collections.abc import Mapping

from agentos.core.calls import Model
from agentos.core.errors import ConfigError

LATENCY_VARIABLE = "AGENTOS_EMBEDDED_LATENCY"
MAX_LATENCY = 3600.0  # seconds


def load_model(name: str, environ: Mapping[str, str]) -> Model:
    """The model of that name.

    Raises ConfigError for a name that is not known, or a setting of the model that is wrong.
    """
    if name != "embedded":
        raise ConfigError(f"There is no model {name!r}", "available: embedded")
    latency = _latency(environ)
    # the adapter is imported for the model that is used, not for the name that is wrong
    from agentos.models.embedded import EmbeddedModel  # noqa: PLC0415

    return EmbeddedModel(latency)


def _latency(environ: Mapping[str, str]) -> float:
    text = environ.get(LATENCY_VARIABLE, "").strip()
    try:
        latency = float(text or "0")
    except ValueError:
        latency = -1.0
    if not 0 <= latency <= MAX_LATENCY:  # false for nan as well
        raise ConfigError(
            f"{LATENCY_VARIABLE} is {text!r}, which is no number of seconds",
            f"set it to a number from 0 to {MAX_LATENCY:.0f}, or unset it",
        )
    return latency
