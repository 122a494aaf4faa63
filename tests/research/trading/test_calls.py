"""Every call, over HTTP and in this process, called and awaited: the same, and the desk's own."""

import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.research.client import RecordedDay
from dashboard.research.trading.errors import NotFoundError, RefusedError
from dashboard.research.trading.values import Quote
from tests.research.trading.plain import Plain

FUTURE = "NIFTY26AUGFUT"
MOCK = {"source": "MOCK"}


@pytest.fixture(scope="module")
def nifty(client: Plain) -> Any:
    return client.Instrument("NIFTY")


@pytest.fixture(scope="module")
def option(client: Plain) -> Any:
    """Return a call near the money."""
    symbols = client.instruments("NIFTY", kind="CE").index
    return client.Instrument(symbols[len(symbols) // 2])


def test_a_quote_is_the_desk_s(client: Plain):
    quote = client.Instrument(FUTURE).quote
    assert isinstance(quote, Quote)
    assert quote.symbol == FUTURE
    assert quote.bid < quote.ask
    assert quote.time is not None
    assert quote.time.tzinfo is IST
    assert client.Instrument(FUTURE).ltp == quote.ltp
    assert client.Instrument(FUTURE).oi == quote.oi


def test_what_an_index_has_not_is_not_known_or_not_there(nifty: Any):
    assert nifty.ltp > 0
    assert all(math.isnan(number) for number in (nifty.bid, nifty.ask, nifty.volume, nifty.oi))
    assert (nifty.kind, nifty.underlying, nifty.symbol) == ("INDEX", "NIFTY", "NIFTY 50")
    assert nifty.expiry is None
    assert nifty.strike is None
    assert nifty.greeks is None


def test_a_future_says_what_it_is(client: Plain):
    future = client.Instrument(FUTURE)
    assert (future.kind, future.underlying, future.lot) == ("FUT", "NIFTY", 65)
    assert future.expiry == date(2026, 8, 25)
    assert future.strike is None


def test_an_option_has_the_greeks_of_the_chain(client: Plain, option: Any):
    assert option.kind == "CE"
    chain = client.chain("NIFTY", option.expiry)
    row = chain.calls.loc[option.strike]
    greeks = option.greeks
    assert 0 < greeks.delta < 1
    assert (greeks.iv, greeks.gamma, greeks.theta) == (row["iv"], row["gamma"], row["theta"])


def test_a_token_names_an_instrument_too(client: Plain, option: Any):
    assert client.Instrument(str(option.token)).symbol == option.symbol


def test_bars_are_those_of_the_day(nifty: Any, morning: RecordedDay):
    bars = nifty["1m"].bars
    ours = morning.at("09:30:00").bars("NIFTY", "1m").loc["2026-08-18"]
    columns = ["open", "high", "low", "close"]
    pd.testing.assert_frame_equal(bars[columns], ours[columns], check_freq=False)
    assert str(bars.index.dtype) == "datetime64[us, Asia/Kolkata]"
    assert bars["volume"].isna().all()


def test_bars_between_two_instants(nifty: Any):
    some = nifty["1m"].bars_between("2026-08-18T09:16", datetime(2026, 8, 18, 9, 20, tzinfo=IST))
    assert [f"{start:%H:%M}" for start in some.index] == ["09:16", "09:17", "09:18", "09:19"]
    none = nifty["1m"].bars_between("2026-08-18T09:16", "2026-08-18T09:16:30").iloc[:0]
    assert none.dtypes.equals(some.dtypes)
    assert none.index.dtype == some.index.dtype


def test_an_indicator_is_that_of_the_bars(nifty: Any):
    close = nifty["1m"].bars["close"]
    assert nifty["1m"].sma[5] == pytest.approx(close.iloc[-5:].mean())
    assert nifty["1m"].sma.at(5, offset=2) == pytest.approx(close.iloc[-7:-2].mean())
    history = nifty["1m"].sma.history(5)
    assert history.name == "SMA_5"
    pd.testing.assert_series_equal(
        history.iloc[5:], close.rolling(5).mean().iloc[5:], check_names=False, check_freq=False
    )


def test_indicators_with_several_outputs(nifty: Any):
    found = nifty["1m"].supertrend[3, 2.5]
    assert list(found.index) == ["value", "direction"]
    history = nifty["1m"].supertrend.history(3, 2.5)
    assert list(history.columns) == ["value", "direction"]
    assert history.iloc[-1].tolist() == found.tolist()


def test_history_without_bars_has_the_same_shape(nifty: Any):
    long_ago = {"start": "2020-01-01", "end": "2020-01-01"}
    assert nifty["1m"].rsi.history(14, **long_ago).dtype == "float64"
    assert list(nifty["1m"].macd.history(12, 26, 9, **long_ago).columns) == [
        "macd",
        "signal",
        "histogram",
    ]


def test_every_indicator_can_be_asked_for(client: Plain):
    names = [each["name"].lower() for each in client.indicators()]
    assert {"rsi", "sma", "ema", "supertrend", "macd"} <= set(names)
    future = client.Instrument(FUTURE)["1m"]
    defaults = {
        each["name"].lower(): [parameter["default"] for parameter in each["parameters"]]
        for each in client.indicators()
    }
    for name in names:
        assert not isinstance(getattr(future, name).at(*defaults[name]), str)


def test_an_indicator_that_is_not_there_is_refused(nifty: Any):
    with pytest.raises(RefusedError, match="No indicator 'NOPE'") as refused:
        nifty["1m"].nope[14]
    assert refused.value.where == "ids"
    with pytest.raises(AttributeError):
        _ = nifty["1m"]._repr_html_


def test_an_offset_before_the_data_is_refused(nifty: Any):
    with pytest.raises(RefusedError, match="closed bars") as refused:
        nifty["1m"].rsi.at(14, offset=999)
    assert refused.value.where == "offset"


def test_sections_say_what_the_desk_says(client: Plain, morning: RecordedDay):
    moment = morning.at("09:30:00")
    table, ours = client.signals("NIFTY", "1m"), moment.readings("NIFTY", "1m")
    assert list(table.index) == list(ours.index)
    assert table["state"].tolist() == ours["state"].tolist()
    assert table["reason"].tolist() == ours["reason"].tolist()
    assert table["strength"].round(1).tolist() == ours["strength"].tolist()
    assert client.signal("vwap", "NIFTY", "1m") == moment.reading("vwap", "NIFTY", "1m")


def test_a_section_has_a_history(client: Plain):
    history = client.signal_history("ema", "NIFTY", "1m")
    assert str(history.index.dtype) == "datetime64[us, Asia/Kolkata]"
    assert list(history.columns[:3]) == ["state", "strength", "reason"]
    assert history.index.is_monotonic_increasing
    assert history["values.ema9"].dtype == "float64"
    assert history.index[-1] < pd.Timestamp("2026-08-18 09:30", tz=IST)


def test_a_chain_has_a_row_a_strike(client: Plain):
    chain = client.chain("NIFTY")
    assert chain.underlying == "NIFTY"
    assert chain.desk.source == "MOCK"
    assert chain.spot > 0
    assert chain.expiry in chain.expiries
    assert chain.frame.index.is_monotonic_increasing
    assert set(chain.frame.columns.get_level_values(0)) == {"CE", "PE"}
    assert chain.calls["iv"].dtype == chain.puts["oi"].dtype == "float64"


def test_quotes_come_in_the_order_they_were_named(client: Plain):
    table = client.quotes([FUTURE, "NIFTY"])
    assert list(table.index) == [FUTURE, "NIFTY 50"]
    assert str(table["time"].dtype) == "datetime64[us, Asia/Kolkata]"
    assert math.isnan(table.loc["NIFTY 50", "oi"])


def test_the_market_has_a_status_and_a_calendar(client: Plain):
    status = client.market_status()
    assert status.is_open
    assert status.phase == "CONTINUOUS"
    assert f"{status.now:%Y-%m-%d %H:%M}" == "2026-08-18 09:30"
    assert status.expiries["NIFTY"] == date(2026, 8, 18)
    days = client.calendar("2026-08-14", "2026-08-18")
    assert days["open"].tolist() == [True, False, False, True, True]
    assert f"{days.index[0]:%z}" == "+0530"


def test_days_that_are_stored(client: Plain):
    days = client.days()
    assert set(days["source"]) == {"MOCK", "RECORDED"}
    assert (days.index == pd.Timestamp("2026-08-18", tz=IST)).all()
    assert days["ticks"].dtype == "int64"


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_a_day_is_written_to_a_file(client: Plain, kind: str, tmp_path: Path):
    wanted = {"what": "bars", "instrument": "NIFTY", **MOCK}
    file = client.export("2026-08-18", tmp_path / f"bars.{kind}", **wanted)
    readers = {
        "csv": pd.read_csv,
        "parquet": pd.read_parquet,
        "arrow": lambda path: pa.ipc.open_stream(path.read_bytes()).read_pandas(),
    }
    assert len(readers[kind](file)) == 17  # 09:15 to 09:31
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_file_that_cannot_be_had_is_not_begun(client: Plain, tmp_path: Path):
    with pytest.raises(NotFoundError):
        client.export("2020-01-01", tmp_path / "bars.csv")
    with pytest.raises(InputError, match=r"\.parquet"):
        client.export("2026-08-18", tmp_path / "bars.xlsx")
    assert not list(tmp_path.iterdir())


def test_what_is_not_there_is_told_in_the_server_s_words(client: Plain):
    with pytest.raises(NotFoundError, match=r"No instrument 'NOPE'.* \(GET http.*/quotes\)") as no:
        _ = client.Instrument("NOPE").ltp
    assert no.value.problem is not None
    assert no.value.problem["status"] == 404
    assert "symbols=" not in str(no.value)


def test_a_bad_time_is_refused_before_it_is_sent(nifty: Any):
    with pytest.raises(InputError, match="no date or time"):
        nifty["1m"].bars_between("yesterday")


def test_a_replay_is_a_desk_of_its_own(client: Plain):
    with client.replay("2026-08-18", at="09:20", **MOCK) as desk:
        assert desk.Instrument("NIFTY").ltp != client.Instrument("NIFTY").ltp
        assert f"{desk.state().desk.at:%H:%M}" == "09:20"
        assert desk.signal("ema", "NIFTY", "1m").bar_ts == datetime(2026, 8, 18, 9, 18, tzinfo=IST)
        assert f"{desk.step('1m', 2).desk.at:%H:%M}" == "09:21"
        assert f"{desk.seek('09:25:30').desk.at:%H:%M:%S}" == "09:25:30"
        assert desk.set_speed(16).speed == 16
        assert desk.play(60).desk.status == "playing"
        assert desk.pause().desk.status == "paused"
        assert len(desk.chain("NIFTY").frame)
    with pytest.raises(NotFoundError, match="No such desk"):
        desk.state()
    desk.close()  # once more


def test_a_replay_outside_of_its_day_is_refused(client: Plain):
    with pytest.raises(RefusedError) as refused:
        client.replay("2026-08-18", at="04:00", **MOCK)
    assert refused.value.where == "at"


def test_it_says_who_it_is(client: Plain):
    assert client.me()["scopes"] == ["export", "read", "replay"]
    assert "tezi_" not in repr(client.inner)
