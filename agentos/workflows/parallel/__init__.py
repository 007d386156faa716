"""Coordination: who runs when, with which credential, and how output is told apart.

A child imports its part of this package, and would pay for all of it at each start: so what is
public here is imported when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentos.workflows.parallel.coordinator import ParallelCoordinator
    from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
    from agentos.workflows.parallel.input_sanitizer import sanitize_identifier
    from agentos.workflows.parallel.output_prefixer import OutputPrefixer
    from agentos.workflows.parallel.progress import ProgressStats, WorkflowResult
else:  # unseen by a type checker, to which any name would be one of this package

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value  # and found there from now on
        return value


_MODULES = {
    "CredentialCoordinator": "credential_coordinator",
    "OutputPrefixer": "output_prefixer",
    "ParallelCoordinator": "coordinator",
    "ProgressStats": "progress",
    "WorkflowResult": "progress",
    "sanitize_identifier": "input_sanitizer",
}

__all__ = [
    "CredentialCoordinator",
    "OutputPrefixer",
    "ParallelCoordinator",
    "ProgressStats",
    "WorkflowResult",
    "sanitize_identifier",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
