"""A desk in this process: as over HTTP, and gone without a trace."""

import asyncio
import threading
from pathlib import Path

import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.research import AsyncTradingClient, TradingClient
from dashboard.research.client import RecordedDay
from dashboard.research.example_server import ExampleServer
from dashboard.research.trading.errors import ConnectionFailedError, NotFoundError
from tests.research.trading.conftest import AT


def test_in_process_equals_over_http(morning: RecordedDay, server: ExampleServer):
    with (
        TradingClient.here(morning, at=AT) as here,
        TradingClient.from_key(server.url, server.key) as there,
    ):
        names = list(here.instruments().index)
        assert len(names) == 14
        for ours, theirs in (
            (here.instruments(), there.instruments()),
            (here.quotes(names), there.quotes(names)),
            (here.signals("NIFTY", "1m"), there.signals("NIFTY", "1m")),
            (here.chain("NIFTY").frame, there.chain("NIFTY").frame),
            (here.days(), there.days()),
        ):
            pd.testing.assert_frame_equal(ours, theirs)
        for name in names:
            ours, theirs = here.Instrument(name), there.Instrument(name)
            assert ours.contract == theirs.contract
            assert repr(ours.greeks) == repr(theirs.greeks)  # NaN is not equal to NaN
            pd.testing.assert_frame_equal(ours["1m"].bars, theirs["1m"].bars)
            pd.testing.assert_series_equal(ours["1m"].rsi.history(5), theirs["1m"].rsi.history(5))


def test_nothing_of_it_is_left(
    morning: RecordedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(threading.enumerate())
    client = TradingClient.here(morning, at=AT)
    ticks = iter(client.stream(["NIFTY"]))
    next(ticks)
    assert list(tmp_path.iterdir())
    client.close()
    client.close()
    assert list(ticks) == []
    assert not list(tmp_path.iterdir())
    assert {thread.name for thread in set(threading.enumerate()) - before} == set()
    with pytest.raises(ConnectionFailedError, match="closed"):
        client.days()


def test_a_desk_stands_at_the_day_s_end_unless_told(morning: RecordedDay):
    with TradingClient.here(morning) as client:
        assert f"{client.market_status().now:%H:%M}" == "09:31"


def test_one_s_own_store_stands_at_its_latest_day(home: Path):
    with TradingClient.here() as client:
        assert client.days().empty
        with pytest.raises(NotFoundError, match="No day is recorded"):
            client.market_status()
    assert (home / "tezi.sqlite").exists()


def test_a_time_that_is_none_is_refused(morning: RecordedDay):
    with pytest.raises(InputError, match="no time of a day"):
        TradingClient.here(morning, at="noon")


def test_a_time_needs_its_day():
    with pytest.raises(InputError, match="give the day too"):
        TradingClient.here(at="09:30")


def test_many_calls_go_at_once(morning: RecordedDay):
    async def ask() -> list[float]:
        async with await AsyncTradingClient.here(morning, at=AT) as client:
            names = [client.Instrument(name).ltp for name in ("NIFTY", "BANKNIFTY") * 8]
            return list(await asyncio.gather(*names))

    assert len(set(asyncio.run(ask()))) == 2
