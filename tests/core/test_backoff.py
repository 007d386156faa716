import pytest

from agentos.core.backoff import backoff


@pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_it_doubles_up_to_the_longest_and_half_of_it_is_by_chance(
    jitter: float, share: float
) -> None:
    pauses = [backoff(failures, 2.0, 30.0, lambda: jitter) for failures in range(1, 7)]
    assert pauses == [share * most for most in (2.0, 4.0, 8.0, 16.0, 30.0, 30.0)]
