"""A whole trading day, 08:45 to 15:50, through the real client and the real scheduler."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dashboard.core.clock import from_ns
from dashboard.core.kite import SessionState
from dashboard.core.market import TIMEFRAMES, Source
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.replaying import replay_day
from tests.live_house import House
from tests.pipeline.frames import DAY, seconds


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    with made.exchange:
        made.open()
        yield made
        made.close()


def test_a_whole_day_through_the_real_client_and_the_real_scheduler(house: House):
    house.until("08:50:30", sends=False)
    assert house.notifier.told == ["Tezi needs your sign-in to Kite"]
    house.sign_in()
    assert house.sessions.statuses()[0].state is SessionState.VALID
    house.until("15:44:55")
    for one in house.feed.universe.instruments:
        house.market.candles[one.token] = house.own.candles(one.token)
    house.until("15:50:00")

    said = {one.what: f"{from_ns(one.at_ns):%H:%M:%S}" for one in house.scheduler.diary.entries}
    phases = {what.split(":")[0]: at for what, at in said.items() if ": Market" in what}
    assert phases == {
        "closed": "08:45:01",
        "token check": "08:50:00",
        "preparing": "08:55:00",
        "pre-open": "09:00:00",
        "continuous": "09:15:00",
        "closing auction": "15:15:00",
        "derivatives": "15:35:00",
        "settling": "15:40:00",
        "finished": "15:45:00",
    }
    assert house.scheduler.status().problems == ()

    tape = list(house.tools.store.frames(DAY, Source.LIVE))
    ticks = [frame.payload for frame in tape if len(frame.payload) > 1]
    assert ticks == [payload for _, payload in house.exchange.sent]
    assert len(ticks) > 4_000
    summary = house.tools.store.day(DAY)
    assert (summary.gaps, summary.prepared, summary.source) == ((), True, Source.RECORDED)

    universe = house.tools.store.universe(DAY, Source.LIVE)
    tokens = [t for t in followed(universe, DAY) if universe.rows(np.array([t]))[0] >= 0]
    stored = house.tools.store.bars(DAY, Source.LIVE, tokens, "1m", seconds("16:00:00"))
    assert len(tokens) == 10
    for token in tokens:
        names = ["start", "open", "high", "low", "close"]
        regular = stored[token]
        theirs = house.own.candles(token)
        theirs = theirs[np.isin(theirs["start"], regular["start"])]
        assert len(regular) >= 360, token
        assert regular[names].tolist() == theirs[names].tolist(), token
    (report,) = house.scheduler.status().reports
    assert report.figures["Different"] == 0, report
    assert report.figures["Equal to the exchange"] > 3_000

    assert house.exchange.accounts.logins == 1
    assert house.exchange.opened == 1
    kept = house.tools.store.readings(DAY, Source.LIVE)
    assert len(kept) > 20_000
    assert {row["timeframe"] for row in kept} == set(TIMEFRAMES)
    digest = replay_day(house.tools, DAY, Source.RECORDED, keep=False)
    assert digest.readings == len(kept)  # each bar of the day was said something of


def test_started_in_mid_session_after_a_kill_it_goes_on_with_the_same_tape(tmp_path: Path):
    first = House(tmp_path, "09:14:00")
    with first.exchange:
        first.open()
        first.sign_in()
        first.until("09:20:00")
        first.close()
        count = len(first.exchange.sent)
        assert count > 60
        second = House(tmp_path, "09:24:00")
        second.exchange, second.market = first.exchange, first.market
        second.exchange.clock = second.exchange.accounts.clock = second.clock
        for one in first.feed.universe.instruments:
            second.market.candles[one.token] = first.own.candles(one.token)
        second.open()
        second.own = first.own
        second.until("09:30:00")
        second.recording.finish()
        tape = list(second.tools.store.frames(DAY, Source.LIVE))
        ticks = [frame.payload for frame in tape if len(frame.payload) > 1 and frame.connection < 9]
        assert ticks == [payload for _, payload in first.exchange.sent]
        (gap,) = second.tools.store.day(DAY).gaps
        assert gap.reason == "Tezi was not recording"
        second.close()
