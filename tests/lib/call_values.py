"""Hypothesis strategies for the values that cross between a child and its leases."""

from hypothesis import strategies as st

from agentos.core.calls import (
    MOST_TOKENS,
    Answer,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalKind,
    Usage,
    Wish,
)

texts = st.text(st.characters(), max_size=200)
counts = st.integers(0, MOST_TOKENS)
seconds = st.none() | st.floats(0, 366 * 24 * 3600)
usages = st.builds(Usage, counts, counts, counts, counts)
limits = st.builds(
    Limit, st.sampled_from(LimitScope), st.none() | counts, st.none() | counts, seconds
)
hints = st.builds(LimitHint, seconds, st.lists(limits, max_size=4).map(tuple))
wishes = st.builds(Wish, texts, texts, usages)
answers = st.builds(Answer, st.just(""), st.just(""), st.none() | usages, hints)
"""Without a text: that does not cross."""

refusals = st.builds(Refusal, st.sampled_from(RefusalKind), texts, hints, texts, st.none() | usages)
