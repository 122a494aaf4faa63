"""Which connection carries which instrument."""

from hypothesis import given
from hypothesis import strategies as st

from feeds.kite_spread import spread

NONE: dict[int, frozenset[int]] = {}
FIRST_KEY, SECOND_KEY = (0, 1, 2), (3, 4, 5)


def sizes(places: dict[int, frozenset[int]]) -> list[int]:
    return [len(places[number]) for number in sorted(places)]


def test_a_desk_of_442_needs_one_connection():
    places, homeless = spread(range(442), NONE, [FIRST_KEY])
    assert sizes(places) == [442, 0, 0]
    assert places[0] == frozenset(range(442))
    assert not homeless


def test_9000_fill_three_connections():
    places, homeless = spread(range(9000), NONE, [FIRST_KEY])
    assert sizes(places) == [3000, 3000, 3000]
    assert not homeless


def test_4000_are_halved():
    assert sizes(spread(range(4000), NONE, [FIRST_KEY])[0]) == [2000, 2000, 0]


def test_several_keys_share_evenly():
    assert sizes(spread(range(441), NONE, [FIRST_KEY, SECOND_KEY])[0]) == [221, 0, 0, 220, 0, 0]
    places, _ = spread(range(10_000), NONE, [FIRST_KEY, SECOND_KEY])
    assert sizes(places) == [2500, 2500, 0, 2500, 2500, 0]


def test_what_has_no_room_is_told():
    places, homeless = spread(range(9002), NONE, [FIRST_KEY])
    assert sizes(places) == [3000, 3000, 3000]
    assert homeless == {9000, 9001}


def test_without_a_key_nothing_has_room():
    assert spread([7], NONE, []) == ({}, frozenset({7}))


def test_a_token_stays_where_it_is():
    carried = {0: frozenset({1, 2}), 1: frozenset({3}), 2: frozenset()}
    places, _ = spread([1, 3, 4], carried, [FIRST_KEY])
    assert places == {0: {1, 4}, 1: {3}, 2: set()}


def test_more_than_a_connection_takes_opens_the_next():
    carried = {0: frozenset(range(3000))}
    places, _ = spread(range(3001), carried, [FIRST_KEY])
    assert places[0] == frozenset(range(3000))
    assert places[1] == {3000}


def test_the_tokens_of_a_lost_key_go_to_the_other():
    carried = {0: frozenset({1, 2}), 3: frozenset({3})}
    places, homeless = spread([1, 2, 3], carried, [SECOND_KEY])
    assert places == {3: {1, 2, 3}, 4: frozenset(), 5: frozenset()}
    assert not homeless


@given(
    wanted=st.sets(st.integers(0, 30_000), max_size=40),
    carried=st.dictionaries(st.integers(0, 8), st.frozensets(st.integers(0, 60)), max_size=9),
    keys=st.integers(1, 3),
)
def test_every_token_is_carried_once(
    wanted: set[int], carried: dict[int, frozenset[int]], keys: int
):
    numbers = [range(3 * k, 3 * k + 3) for k in range(keys)]
    places, homeless = spread(wanted, carried, numbers)
    assert not homeless
    assert sorted(t for tokens in places.values() for t in tokens) == sorted(wanted)
