"""What the steps of earlier runs took: the ground of an estimate. Reads only."""

from collections import Counter
from dataclasses import dataclass

from agentos.core.events import StepFinished
from agentos.core.items import Kind
from agentos.core.paths import StatePaths
from agentos.records.history import recorded_events, runs_of

_RUNS = 20
"""The newest runs only: models and habits change."""


@dataclass(frozen=True, slots=True)
class Experience:
    """Output tokens of past drafts (revisions included) and reviews, and reviews per item."""

    drafts: tuple[int, ...] = ()
    reviews: tuple[int, ...] = ()
    rounds: tuple[int, ...] = ()


def past_experience(paths: StatePaths, kind: Kind) -> Experience:
    """From the newest runs of the project that worked on this kind; raises UsageError."""
    drafts: list[int] = []
    reviews: list[int] = []
    rounds: Counter[tuple[str, str]] = Counter()
    for run in runs_of(paths)[-_RUNS:]:
        for event in recorded_events(run):
            if not isinstance(event, StepFinished) or not event.item.startswith(f"{kind.upper()}-"):
                continue
            if event.step.startswith("review-"):
                rounds[run.name, event.item] += 1
                reviews += [event.output_tokens] if event.output_tokens else []
            elif event.step == "draft" or event.step.startswith("revise-"):
                drafts += [event.output_tokens] if event.output_tokens else []
    return Experience(tuple(drafts), tuple(reviews), tuple(rounds.values()) if reviews else ())
