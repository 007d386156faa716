"""What a batch has to say on the page of a CI job: added to the file that the CI names for it."""

import os
import stat
from collections.abc import Iterable, Mapping

import click

from agentos.cli.asides import aside
from agentos.core.errors import AgentosError
from agentos.core.masking import Masker
from agentos.reporting.step_summary import StepSummary, markdown

VARIABLE = "GITHUB_STEP_SUMMARY"

_MOST_BYTES = 1024 * 1024
"""What GitHub takes for one step; of a longer file it shows nothing at all."""


class JobSummary:
    """The page of one command; where the variable is not set nothing is written."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get(VARIABLE, "")

    def __bool__(self) -> bool:
        return bool(self._path)

    def add(self, summary: StepSummary, secrets: Iterable[str] = ()) -> None:
        """Append the summary without the secrets; a file that takes none is told, and no error."""
        if not self._path:
            return
        try:
            _append(self._path, summary, Masker(secrets))
        except OSError as error:
            why = error.strerror or type(error).__name__
            aside(
                f"[COORDINATOR] {VARIABLE} names {self._path}, to which no summary can be "
                f"written: {why}"
            )


def without_job_summary(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment for what has nothing to say there."""
    return {name: value for name, value in environ.items() if name != VARIABLE}


def of_error(error: AgentosError | click.ClickException) -> StepSummary:
    """Why there was no run."""
    sentence = error.message if isinstance(error, click.ClickException) else str(error)
    hint = error.hint if isinstance(error, AgentosError) else ""
    end = f"No run, exit code {error.exit_code}"
    return StepSummary(sentence, remarks=[*filter(None, (hint, end))])


def _append(path: str, summary: StepSummary, masker: Masker) -> None:
    """Raises OSError, also for what is no regular file: a pipe may have no reader, ever."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    with os.fdopen(os.open(path, flags, 0o644), "ab") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "it is not a regular file")
        separator = b"\n" if status.st_size else b""
        room = _MOST_BYTES - status.st_size - len(separator)
        text = markdown(summary, masker.mask, room=room)
        if not text:
            raise OSError(None, f"it has no room left, as a CI shows {_MOST_BYTES:,} bytes at most")
        file.write(separator + text.encode())
