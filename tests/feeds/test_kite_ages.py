"""When each wanted instrument last ticked."""

import math

from hypothesis import given
from hypothesis import strategies as st

from feeds.kite_ages import MOST_KEPT, NEVER, Ages
from feeds.wire import HEARTBEAT, tokens_of
from tests.feeds.messages import full, index, message, quote


def test_tokens_are_read_from_packets_of_every_kind():
    mixed = message(index(256265), full(11), quote(12), full(13))
    assert tokens_of(mixed).tolist() == [256265, 11, 12, 13]


def test_tokens_of_many_short_runs():
    packets = [full(t) if t % 2 else quote(t) for t in range(1, 41)]
    assert tokens_of(message(*packets)).tolist() == list(range(1, 41))


def test_a_truncated_message_holds_its_whole_packets():
    assert tokens_of(message(full(11), full(12))[:-5]).tolist() == [11]


def test_a_heartbeat_holds_none():
    assert tokens_of(HEARTBEAT).tolist() == []


@given(st.binary(max_size=600))
def test_nothing_that_arrives_raises(payload: bytes):
    tokens_of(payload)


def test_ages_count_from_the_last_tick():
    ages = Ages()
    ages.watch({11, 12, 13})
    ages.note(100.0, message(full(11), full(12)))
    ages.note(101.5, message(quote(12)))
    assert ages.at(102.0) == {11: 2.0, 12: 0.5, 13: math.inf}


def test_instruments_that_nobody_asked_for_are_no_news():
    ages = Ages()
    ages.watch({11})
    ages.note(100.0, message(full(99)))
    assert ages.at(101.0) == {11: math.inf}
    assert ages.newest({99}) == NEVER


def test_what_stays_wanted_keeps_its_age():
    ages = Ages()
    ages.watch({11, 12})
    ages.note(100.0, message(full(11), full(12)))
    ages.watch({12, 13})
    assert ages.at(101.0) == {12: 1.0, 13: math.inf}


def test_the_newest_tick_of_some():
    ages = Ages()
    ages.watch({11, 12, 13})
    ages.note(100.0, message(full(11)))
    ages.note(103.0, message(full(12)))
    assert ages.newest({11, 13}) == 100.0
    assert ages.newest({11, 12}) == 103.0
    assert ages.newest({13}) == NEVER
    assert ages.newest(()) == NEVER


def test_messages_that_nobody_asks_about_are_not_kept_forever():
    ages = Ages()
    ages.watch({11})
    for at in range(MOST_KEPT + 3):
        ages.note(float(at), message(full(11)))
    assert len(ages._kept) == 3
    assert ages.at(float(MOST_KEPT + 3)) == {11: 1.0}
