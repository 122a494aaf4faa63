"""Messages on their way in: the same ones in the same order, decoded ahead or not."""

from itertools import chain, count, islice

from dashboard.core.market import Frame
from dashboard.pipeline.arrivals import GROUP, Arrival, groups
from feeds.wire import HEARTBEAT, decode_many
from tests.feeds.test_wire import message, packet


def arrivals(*words) -> chain[Arrival]:
    return chain.from_iterable(groups(*words))


def test_live_frames_come_one_by_one_and_undecoded():
    frames = (Frame(number, 0, b"x") for number in count())
    assert [a.frame.received_ns for a in islice(arrivals(frames), 3)] == [0, 1, 2]
    assert next(arrivals(iter([Frame(7, 0, b"x")]))).batch is None


def test_frames_at_hand_keep_their_order_and_bring_their_ticks():
    payload = message(packet(8, 264, 10_000))
    frames = [Frame(n, 0, payload if n % 2 else HEARTBEAT) for n in range(2 * GROUP + 3)]
    found = list(arrivals(frames, decode_many))
    assert [a.frame for a in found] == frames
    assert [a.batch is None for a in found[:4]] == [True, False, True, False]
    assert found[1].batch is not None
    assert found[1].batch.last_price.tolist() == [100.0]
