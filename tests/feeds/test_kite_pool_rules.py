"""What the pool decides, on lines that a test holds: no socket and no waiting."""

import math
from collections.abc import Callable

import pytest

from dashboard.core.kite import Grant
from dashboard.core.market import Frame
from tests.feeds.kite_lines import FORBIDDEN, Exchange, FakeLine, granted
from tests.feeds.messages import full, index, message

NIFTY = 256265
DESK = range(1000, 1442)
HEARTBEAT = b"\x00"


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def flow(line: FakeLine, token: int = NIFTY) -> None:
    line.hears.heard(message(index(token)), is_binary=True)


def opened(exchange: Exchange, *tokens: int) -> FakeLine:
    """Return the first line, open."""
    exchange.pool.want("desk", tokens or (NIFTY,))
    exchange.pool.grant([granted()])
    exchange.lines[0].hears.opened()
    return exchange.lines[0]


# -- subscriptions --------------------------------------------------------------------------


def test_an_opened_connection_asks_for_all_in_full(exchange: Exchange):
    line = opened(exchange, 12, 11)
    assert line.sent == [("subscribe", [11, 12]), ("full", [11, 12])]


def test_only_the_difference_is_asked_for(exchange: Exchange):
    line = opened(exchange, 11, 12)
    line.sent.clear()
    exchange.pool.want("desk", [12, 13])
    assert line.sent == [("unsubscribe", [11]), ("subscribe", [13]), ("full", [13])]


def test_the_same_wish_asks_for_nothing(exchange: Exchange):
    line = opened(exchange, 11, 12)
    line.sent.clear()
    exchange.pool.want("desk", [12, 11])
    assert line.sent == []


def test_an_instrument_stays_while_somebody_needs_it(exchange: Exchange):
    line = opened(exchange, 11, 12)
    exchange.pool.want("chart", [12])
    line.sent.clear()
    exchange.pool.want("desk", [])
    assert line.sent == [("unsubscribe", [11])]
    exchange.pool.want("chart", [])
    assert not line.is_up
    assert exchange.pool.connections() == ()


def test_the_first_grant_may_come_before_the_first_wish(exchange: Exchange):
    exchange.pool.grant([granted()])
    assert exchange.lines == []
    exchange.pool.want("desk", [11])
    assert len(exchange.lines) == 1


def test_9000_instruments_open_three_connections_one_after_the_other(exchange: Exchange):
    exchange.pool.want("desk", range(9000))
    exchange.pool.grant([granted()])
    assert len(exchange.lines) == 1
    assert exchange.states() == {0: "connecting", 1: "waiting", 2: "waiting"}
    exchange.lines[0].hears.opened()
    exchange.lines[1].hears.opened()
    exchange.lines[2].hears.opened()
    asked = [len(tokens) for line in exchange.lines for what, tokens in line.sent if what == "full"]
    assert asked == [3000, 3000, 3000]


def test_numbers_stay_with_their_key(exchange: Exchange):
    first, second = granted(), granted("key-two", "other")
    exchange.pool.want("desk", DESK)
    exchange.pool.grant([first, second])
    assert exchange.states() == {0: "connecting", 3: "connecting"}
    exchange.pool.grant([second])
    exchange.pool.grant([second, first])
    exchange.pool.want("chart", [11])
    assert [s.key for s in exchange.pool.connections() if s.number < 3] == ["…-one"]
    assert [s.key for s in exchange.pool.connections() if s.number >= 3] == ["…-two"]


# -- frames ---------------------------------------------------------------------------------


def test_every_message_is_a_frame_behind_the_mark_of_an_opening(exchange: Exchange):
    line = opened(exchange)
    at = exchange.clock.now_ns()
    exchange.clock.advance(2)
    order = b'{"type":"order","data":{}}'
    line.hears.heard(HEARTBEAT, is_binary=True)
    line.hears.heard(order, is_binary=False)
    flow(line)
    later = at + 2_000_000_000
    assert exchange.frames == [
        Frame(at, 0, b""),
        Frame(later, 0, HEARTBEAT),
        Frame(later, 0, order),
        Frame(later, 0, message(index(NIFTY))),
    ]
    assert (exchange.only().messages, exchange.only().last_ns) == (3, later)


def test_a_reopened_connection_is_marked_again(exchange: Exchange):
    opened(exchange).lose()
    exchange.seconds(1)
    exchange.lines[1].hears.opened()
    assert [frame.payload for frame in exchange.frames] == [b"", b""]


def test_a_listener_that_fails_changes_nothing(exchange: Exchange):
    def fail(*_: object) -> None:
        raise RuntimeError("no room in the queue")

    exchange.pool._on_frame = exchange.pool._on_confirmed = exchange.pool._on_refused = fail
    line = opened(exchange)
    flow(line)
    assert exchange.only().state == "flowing"
    assert exchange.pool.unheard == 2
    line.lose(FORBIDDEN)
    assert exchange.only().state == "refused"


# -- what counts as flowing -----------------------------------------------------------------


def test_a_resubscription_counts_only_when_its_ticks_come(exchange: Exchange):
    line = opened(exchange)
    line.hears.heard(HEARTBEAT, is_binary=True)
    flow(line, token=99)  # nobody asked for it
    assert (exchange.only().state, exchange.only().attempts) == ("silent", 1)
    assert exchange.confirmed == []
    flow(line)
    assert (exchange.only().state, exchange.only().attempts) == ("flowing", 0)
    flow(line)
    assert exchange.confirmed == ["key-one"]


def test_attempts_are_counted_until_a_tick_comes(exchange: Exchange):
    opened(exchange).lose()
    exchange.seconds(1)
    exchange.lines[1].hears.opened()
    assert exchange.only().attempts == 2


def test_ages_are_those_of_wanted_instruments(exchange: Exchange):
    line = opened(exchange, NIFTY, 11)
    flow(line)
    exchange.clock.advance(3)
    assert exchange.pool.ages_s() == {NIFTY: 3.0, 11: math.inf}


def test_an_error_that_kite_tells_is_shown(exchange: Exchange):
    line = opened(exchange)
    text = b'{"type":"error","data":"Too many instruments with token-of-monday"}'
    line.hears.heard(text, is_binary=False)
    assert exchange.only().reason == "Kite says: Too many instruments with …"
    assert exchange.only().state == "silent"


@pytest.mark.parametrize("text", [b"[1]", b"nonsense", b"12", b'{"type":"message"}', b""])
def test_other_texts_say_nothing(exchange: Exchange, text: bytes):
    line = opened(exchange)
    line.hears.heard(text, is_binary=False)
    assert exchange.only().reason == ""


# -- a dead token ---------------------------------------------------------------------------


def test_a_dead_token_stops_every_retry(exchange: Exchange):
    exchange.pool.want("desk", range(9000))
    exchange.pool.grant([granted()])
    exchange.lines[0].lose(FORBIDDEN)
    exchange.seconds(3600)
    assert len(exchange.lines) == 1
    assert exchange.states() == {0: "refused", 1: "refused", 2: "refused"}
    assert exchange.refused == [("key-one", FORBIDDEN)]
    assert {s.reason for s in exchange.pool.connections()} == {
        "Kite refused the access token: sign in again"
    }


def test_a_token_that_dies_in_mid_day_closes_all_of_its_key(exchange: Exchange):
    exchange.on_dial = lambda line: (line.hears.opened(), flow(line, NIFTY))
    exchange.pool.want("desk", [NIFTY, *range(1, 9000)])
    exchange.pool.grant([granted()])
    assert len(exchange.open_lines) == 3
    exchange.lines[1].lose(FORBIDDEN)
    assert exchange.open_lines == []
    assert len(exchange.refused) == 1


def test_the_refused_token_is_not_tried_again(exchange: Exchange):
    opened(exchange).lose(FORBIDDEN)
    exchange.pool.grant([granted()])
    exchange.pool.grant([])
    exchange.pool.grant([granted()])
    exchange.seconds(100)
    assert len(exchange.lines) == 1
    assert exchange.only().state == "refused"


def test_a_new_token_is_tried_at_once(exchange: Exchange):
    opened(exchange).lose(FORBIDDEN)
    exchange.pool.grant([granted(token="token-of-tuesday")])
    assert exchange.lines[-1].grant.access_token == "token-of-tuesday"
    exchange.lines[-1].hears.opened()
    assert exchange.only().state == "silent"


def test_instruments_of_a_refused_key_go_to_another(exchange: Exchange):
    exchange.pool.want("desk", [11, 12])
    exchange.pool.grant([granted(), granted("key-two", "other")])
    first, second = exchange.lines
    first.hears.opened()
    second.hears.opened()
    first.lose(FORBIDDEN)
    assert second.sent[-2:] == [("subscribe", [11]), ("full", [11])]
    assert exchange.states() == {0: "refused", 3: "silent"}


@pytest.mark.parametrize("reason", ["closed (1006): port 14031 went away", "closed (1000): bye"])
def test_other_reasons_do_not_look_like_a_dead_token(exchange: Exchange, reason: str):
    opened(exchange).lose(reason)
    assert exchange.only().state == "waiting"
    assert exchange.refused == []


# -- grants ---------------------------------------------------------------------------------


def test_a_new_token_drops_and_reopens_at_once(exchange: Exchange):
    line = opened(exchange)
    exchange.pool.grant([granted(token="token-of-tuesday")])
    assert not line.is_up
    assert [each.grant.access_token for each in exchange.open_lines] == ["token-of-tuesday"]


def test_the_same_token_drops_nothing(exchange: Exchange):
    line = opened(exchange)
    exchange.pool.grant([granted()])
    exchange.pool.grant([Grant("key-one", "token-of-monday", "AB1234", issued_ns=2)])
    assert line.is_up
    assert len(exchange.lines) == 1


def test_a_key_without_a_token_is_closed(exchange: Exchange):
    line = opened(exchange)
    exchange.pool.grant([])
    exchange.seconds(100)
    assert not line.is_up
    assert exchange.only().state == "closed"
    assert exchange.only().reason == "There is no access token: sign in"


def test_close_closes_and_a_grant_opens_again(exchange: Exchange):
    line = opened(exchange)
    exchange.pool.close()
    exchange.seconds(100)
    assert not line.is_up
    assert exchange.only().state == "closed"
    exchange.pool.grant([granted()])
    assert exchange.only().state == "connecting"


# -- attempts -------------------------------------------------------------------------------


def refuse_all(line: FakeLine) -> None:
    line.lose("Kite could not be reached")


def open_only(line: FakeLine) -> None:
    line.hears.opened()


def tick_and_close(line: FakeLine) -> None:
    line.hears.opened()
    flow(line)
    line.lose()


@pytest.mark.parametrize("behaviour", [refuse_all, open_only, tick_and_close])
def test_no_fault_makes_more_than_six_attempts_in_the_first_minute(
    exchange: Exchange, behaviour: Callable[[FakeLine], None]
):
    exchange.on_dial = behaviour
    exchange.pool.want("desk", [NIFTY, *DESK])
    exchange.pool.grant([granted()])
    exchange.seconds(59)
    assert 3 <= len(exchange.dialled) <= 6


def test_attempts_have_their_times(exchange: Exchange):
    exchange.on_dial = refuse_all
    exchange.pool.want("desk", [NIFTY])
    exchange.pool.grant([granted()])
    exchange.seconds(200)
    assert exchange.dialled == [0, 1, 3, 8, 18, 43, 83, 143]


def test_an_outage_is_probed_by_one_connection(exchange: Exchange):
    exchange.on_dial = open_only
    exchange.pool.want("desk", range(9000))
    exchange.pool.grant([granted()])
    assert len(exchange.dialled) == 3
    exchange.on_dial = refuse_all
    exchange.seconds(2)
    for line in exchange.open_lines:
        line.lose()
    exchange.seconds(59)
    assert exchange.dialled[3:] == [3, 5, 10, 20, 45]


def test_the_others_follow_one_by_one_once_ticks_come(exchange: Exchange):
    exchange.on_dial = open_only
    exchange.pool.want("desk", range(9000))
    exchange.pool.grant([granted()])
    for line in exchange.open_lines:
        line.lose()
    exchange.seconds(1)
    assert exchange.states() == {0: "silent", 1: "waiting", 2: "waiting"}
    flow(exchange.lines[-1], token=0)
    assert exchange.states() == {0: "flowing", 1: "silent", 2: "waiting"}
    flow(exchange.lines[-1], token=1)
    assert exchange.states() == {0: "flowing", 1: "flowing", 2: "silent"}


def test_outside_trading_a_minute_of_heartbeats_is_proof_enough(exchange: Exchange):
    exchange.on_dial = open_only
    exchange.pool.want("desk", range(9000))
    exchange.pool.grant([granted()])
    for line in exchange.open_lines:
        line.lose()
    exchange.seconds(1)
    exchange.beat(59, exchange.lines[-1])
    assert len(exchange.open_lines) == 1
    exchange.beat(1, exchange.lines[-1])
    assert len(exchange.open_lines) == 3


def test_a_connection_that_stood_a_minute_starts_its_waits_anew(exchange: Exchange):
    exchange.on_dial = refuse_all
    exchange.pool.want("desk", [NIFTY])
    exchange.pool.grant([granted()])
    exchange.seconds(17)
    exchange.on_dial = open_only
    exchange.seconds(1)
    exchange.beat(61, exchange.lines[-1])
    exchange.lines[-1].lose()
    exchange.seconds(2)
    assert exchange.dialled == [0, 1, 3, 8, 18, 80]


def test_an_address_that_is_none_is_a_reason(exchange: Exchange):
    def refuse(grant: Grant, hears: object) -> FakeLine:
        raise ValueError(f"no such scheme: {grant.access_token}")

    exchange.pool._dial = refuse
    exchange.pool.want("desk", [NIFTY])
    exchange.pool.grant([granted()])
    exchange.seconds(5)
    assert exchange.only().state == "waiting"
    assert exchange.only().reason == "No connection can be made: no such scheme: …"


# -- mute connections -----------------------------------------------------------------------


def test_a_mute_connection_is_rebuilt_within_15_seconds(exchange: Exchange):
    line = opened(exchange)
    flow(line)
    exchange.seconds(10)
    assert line.is_up
    exchange.seconds(1)
    assert not line.is_up
    assert exchange.only().state == "waiting"
    assert exchange.only().reason == "No message came for 11 s"
    exchange.seconds(1)
    assert exchange.only().state == "connecting"


def test_heartbeats_keep_a_connection_outside_trading_hours(exchange: Exchange):
    line = opened(exchange, *DESK)
    exchange.beat(3600, line)
    assert line.is_up


def test_heartbeats_alone_are_mute_while_ticks_are_expected(exchange: Exchange):
    exchange.pool.expect_ticks(True)
    line = opened(exchange, NIFTY)
    exchange.beat(12, line)
    assert line.is_up
    exchange.beat(1, line)
    assert not line.is_up
    assert exchange.only().reason == "Heartbeats came, but no tick for 13 s"


def test_ticks_are_expected_from_the_moment_that_is_said(exchange: Exchange):
    line = opened(exchange)
    exchange.beat(100, line)
    exchange.pool.expect_ticks(True)
    exchange.beat(12, line)
    assert line.is_up
    exchange.pool.expect_ticks(False)
    exchange.beat(100, line)
    assert line.is_up


def test_ticks_that_nobody_asked_for_do_not_hide_a_mute_connection(exchange: Exchange):
    exchange.pool.expect_ticks(True)
    line = opened(exchange)
    exchange.beat(13, line, payload=message(full(99)))
    assert not line.is_up


def test_a_few_far_strikes_may_rest(exchange: Exchange):
    exchange.pool.expect_ticks(True)
    line = opened(exchange, 1026, 1282)
    exchange.beat(600, line)
    assert line.is_up


def test_a_halt_of_the_market_is_not_rebuilt_every_12_seconds(exchange: Exchange):
    # the answer to a subscription comes in a halt too, and nothing after it
    exchange.pool.expect_ticks(True)
    exchange.on_dial = lambda line: (line.hears.opened(), flow(line))
    opened(exchange)
    for _ in range(1800):
        exchange.beat(1, *exchange.lines)
    assert len(exchange.lines) <= 12


def test_after_a_mended_silence_the_next_one_is_noticed_as_soon(exchange: Exchange):
    exchange.pool.expect_ticks(True)
    exchange.on_dial = open_only
    exchange.pool.want("desk", [NIFTY])
    exchange.pool.grant([granted()])
    exchange.beat(14, *exchange.lines)
    line = exchange.lines[-1]
    assert len(exchange.lines) == 2
    exchange.beat(10, line, payload=message(index(NIFTY)))
    exchange.beat(12, line)
    assert line.is_up
    exchange.beat(1, line)
    assert not line.is_up
