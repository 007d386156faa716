from agentos.engines.pausable_clock import PausableClock


def test_it_stands_still_while_it_is_held_and_goes_on_from_there() -> None:
    now = 100.0
    clock = PausableClock(lambda: now)
    now = 110.0
    with clock.held():
        now = 1e6
        assert clock() == 110.0
        now = 2e6
        assert clock() == 110.0
    assert clock() == 110.0
    now += 5.0
    assert clock() == 115.0


def test_pauses_add_up() -> None:
    now = 0.0
    clock = PausableClock(lambda: now)
    for _ in range(3):
        with clock.held():
            now += 10.0
        now += 1.0
    assert clock() == 3.0
