"""How long to wait before the next attempt."""

from random import Random

import pytest

from feeds.kite_backoff import Backoff


class Always(Random):
    """Draws the end of every range that `share` names."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.share


def attempts(backoff: Backoff, until: float) -> list[float]:
    """Return when attempts are made if each fails at once."""
    made, now = [], 0.0
    while now < until:
        made.append(round(now, 3))
        backoff.failed(now)
        now = backoff.due
    return made


def test_waits_grow_to_a_minute():
    made = attempts(Backoff(Always(0.5)), until=300)
    assert made == [0, 1, 3, 8, 18, 43, 83, 143, 203, 263]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_no_jitter_makes_more_than_six_attempts_in_the_first_minute(share: float):
    assert len(attempts(Backoff(Always(share)), until=60)) <= 6


def test_the_shortest_waits_make_six():
    assert attempts(Backoff(Always(0.0)), until=60) == [0, 0.8, 2.4, 6.4, 14.4, 34.4]


def test_no_wait_is_longer_than_a_minute():
    backoff = Backoff(Always(1.0))
    made = attempts(backoff, until=1000)
    assert round(made[-1] - made[-2], 6) == 60


def test_connections_lost_together_have_failed_once():
    backoff = Backoff(Always(0.5))
    for now in (100.0, 100.1, 100.5):
        backoff.failed(now)
    assert (backoff.failures, backoff.due) == (1, 101.0)


def test_a_reset_forgets():
    backoff = Backoff(Always(0.5))
    backoff.failed(5)
    backoff.reset()
    assert backoff.due < 0
    backoff.failed(50)
    assert backoff.due == 51
