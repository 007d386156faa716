from agentos.credentials.silence import Silence


def test_who_is_not_heard_of_for_the_term_has_fallen_silent_once() -> None:
    silence = Silence(40.0)
    silence.look(100.0)
    silence.broken("a")
    assert silence.look(120.0) == []
    silence.broken("b")
    assert "a" not in silence
    assert silence.look(140.0) == ["a"]
    assert "a" in silence
    assert silence.look(160.0) == ["b"]


def test_who_speaks_again_is_silent_no_more() -> None:
    silence = Silence(40.0)
    silence.look(0.0)
    silence.broken("a")
    assert silence.look(30.0) + silence.look(60.0) == ["a"]
    silence.broken("a")
    assert "a" not in silence
    assert silence.look(90.0) + silence.look(100.0) == ["a"]


def test_a_look_that_comes_late_counts_for_little() -> None:
    silence = Silence(40.0)
    silence.look(0.0)
    silence.broken("a")
    assert silence.look(86_400.0) == []
    assert silence.look(86_410.0) == ["a"]


def test_a_clock_that_goes_back_counts_for_nothing() -> None:
    silence = Silence(40.0)
    silence.look(100.0)
    silence.broken("a")
    assert silence.look(0.0) == []
    assert silence.look(30.0) == []
    assert silence.look(40.0) == ["a"]


def test_who_is_gone_and_nobody_in_particular_are_never_silent() -> None:
    silence = Silence(10.0)
    silence.look(0.0)
    silence.broken("a")
    silence.broken(None)
    silence.forget("a")
    assert silence.look(30.0) == []
    assert "a" not in silence
    assert None not in silence


def test_without_a_term_nobody_is() -> None:
    silence = Silence()
    silence.broken("a")
    assert [silence.look(30.0 * n) for n in range(100)] == [[]] * 100
