"""Coordination: who runs when, with which credential, and how output is told apart."""

from agentos.workflows.parallel.coordinator import ParallelCoordinator
from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.input_sanitizer import sanitize_identifier
from agentos.workflows.parallel.output_prefixer import OutputPrefixer
from agentos.workflows.parallel.progress import ProgressStats, WorkflowResult

__all__ = [
    "CredentialCoordinator",
    "OutputPrefixer",
    "ParallelCoordinator",
    "ProgressStats",
    "WorkflowResult",
    "sanitize_identifier",
]
