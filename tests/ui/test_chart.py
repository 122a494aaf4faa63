"""The candle chart: what is drawn of a `ChartView`, and how little is sent of it."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bokeh.document import Document
from bokeh.document.events import ColumnDataChangedEvent, ColumnsPatchedEvent, ColumnsStreamedEvent

from dashboard.core.errors import InputError
from dashboard.core.market import BarFlag
from dashboard.core.view import Event, Level, Line, Zone
from dashboard.pipeline.snapshot import ChartView
from dashboard.signals import load_signals
from dashboard.ui.chart.candles import CandleChart
from dashboard.ui.chart.gaps import Break, breaks_of
from dashboard.ui.chart.overlays import (
    Band,
    Mark,
    aligned,
    curve_columns,
    levels,
    shift_of,
    tags,
    zones,
)
from dashboard.ui.chart.palette import palette
from dashboard.ui.chart.parts import parts_of
from dashboard.ui.chart.rows import rows_of
from dashboard.ui.chart.sources import Sent, Track
from tests.builders import make_bars
from tests.ui.chart_sample import GAP, OVERLAYS, PANES, SIGNALS, make_chart

MONDAY, TUESDAY = "2025-06-02", "2025-06-03"
LOOK = {
    "dark": "bg 0A0D13 s1 11151D s2 181D28 s3 222938 line 262E3D line2 374256 tx E8ECF4 tx2 AEB8C9"
    " tx3 8490A5 ac 8FA2FF bull 2FC8A6 bear FF8171 neut A3AFC2 warn F0B54A mock FF7AD9"
    " c1 F0C46C c2 6FC3F7 c3 D79BFF c4 9BD66B",
    "light": "bg EDF0F5 s1 FFFFFF s2 F4F6FA s3 E6EAF2 line DCE2EC line2 B9C3D3 tx 111723"
    " tx2 434E62 tx3 5D687C ac 3D4EDB bull 00705A bear BF2E1B neut 556075 warn 855600"
    " mock AD0F87 c1 9A6A00 c2 0B6FAE c3 8A36C9 c4 417D12",
}


def two_days(monday: int = 2, tuesday: int = 2, **columns: Any) -> pd.DataFrame:
    """Return 5m bars of two sessions: the last of Monday's, the first of Tuesday's."""
    before = make_bars(close=[100.0] * monday, day=MONDAY, start="15:00", timeframe="5m")
    today = make_bars(close=[110.0] * tuesday, day=TUESDAY, timeframe="5m")
    return pd.concat([before, today]).drop(columns="oi").assign(flags=0, **columns)


def view_of(bars: pd.DataFrame, **changes: Any) -> ChartView:
    return replace(ChartView("NIFTY", "NIFTY 50", "5m", bars, None, None, None), **changes)


def bar(start: str, close: float, **changes: Any) -> dict[str, Any]:
    """Return a bar in progress, opened at 110."""
    at = int(pd.Timestamp(start, tz="Asia/Kolkata").timestamp())
    prices = {"open": 110.0, "high": 112.0, "low": 108.0, "close": close}
    return {"start": at, **prices, "volume": math.nan, "flags": 0, **changes}


# -- bars ------------------------------------------------------------------------------------


def test_numbers_bars_without_the_night_between_sessions():
    rows = rows_of(view_of(two_days()))
    assert rows.columns["x"].tolist() == [0, 1, 2, 3]
    assert (rows.today, rows.session_rows) == (2, [2])


def test_sends_times_as_naive_ist():
    rows = rows_of(view_of(two_days()))
    # Tuesday 3 June 2025 09:15 in IST, written as if it were UTC
    assert rows.columns["ms"][2] == 1748942100000


def test_fades_the_earlier_session_and_the_auction():
    flags = [0, BarFlag.AUCTION, 0, BarFlag.AUCTION | BarFlag.PARTIAL]
    rows = rows_of(view_of(two_days().assign(flags=flags)))
    assert rows.columns["alpha"].tolist() == [0.75, 0.35, 1.0, 0.35]


def test_a_bar_from_history_is_fainter_than_a_received_one_and_says_so():
    flags = [0, BarFlag.BACKFILLED, BarFlag.BACKFILLED, BarFlag.BACKFILLED | BarFlag.AUCTION]
    rows = rows_of(view_of(two_days().assign(flags=flags)))
    assert rows.columns["alpha"].tolist() == [0.75, 0.55, 0.55, 0.35]
    assert rows.columns["filled"].tolist() == [0, 1, 1, 1]


def at(clock: str) -> int:
    """Return a time of Tuesday 3 June 2025 in seconds."""
    return int(pd.Timestamp(f"2025-06-03 {clock}", tz="Asia/Kolkata").timestamp())


def test_a_gap_stands_over_the_bars_that_it_touches():
    chart = view_of(two_days(), forming=bar("2025-06-03 09:25", 110.0))  # 09:15, 09:20 closed
    gaps = [(at("09:17"), at("09:21:30"), "no network"), (at("09:26"), at("09:26:40"), "again")]
    assert breaks_of(rows_of(chart), gaps) == [
        Break(1.5, 3.5, "4m 30s", "no network"),
        Break(3.5, 4.5, "40 s", "again"),
    ]


def test_a_gap_without_bars_stands_between_those_around_it():
    chart = view_of(two_days(), forming=bar("2025-06-03 10:25", 110.0))
    (found,) = breaks_of(rows_of(chart), [(at("09:25"), at("10:25"), "no network")])
    assert (found.x0, found.x1) == pytest.approx((3.32, 3.68))
    assert found.text == "1h"


def test_a_gap_before_the_day_or_still_to_come_is_not_on_the_chart():
    rows = rows_of(view_of(two_days()))
    gaps = [(at("08:55"), at("09:10"), "early"), (at("11:00"), at("11:05"), "to come")]
    assert breaks_of(rows, gaps) == []
    assert breaks_of(rows_of(view_of(two_days(tuesday=0))), gaps) == []


def test_draws_a_bar_up_when_it_closes_at_its_open_or_above():
    bars = two_days().assign(open=[100.0, 99.0, 111.0, 110.0])
    rows = rows_of(view_of(bars))
    assert rows.columns["up"].tolist() == [1, 1, 0, 1]
    assert rows.columns["top"].tolist() == [100, 100, 111, 110]
    assert rows.columns["height"].tolist() == [0, 1, 1, 0]


def test_a_bar_that_closes_at_its_open_is_a_stroke_at_its_close():
    bars = two_days().assign(open=[100.0, 99.0, 111.0, 110.0])
    flat = bar("2025-06-03 09:25", 110.0, high=110.0, low=110.0)
    rows = rows_of(view_of(bars, forming=flat))
    none = math.nan
    assert rows.columns["flat"].tolist() == pytest.approx([100, none, none, 110], nan_ok=True)
    assert rows.live["flat"].tolist() == [110]


def test_draws_a_bar_in_its_seconds_of_grace_like_a_closed_one():
    chart = view_of(
        two_days(), closing=bar("2025-06-03 09:25", 109.0), forming=bar("2025-06-03 09:30", 111.0)
    )
    rows = rows_of(chart)
    assert rows.columns["close"].tolist() == [100, 100, 110, 110, 109]
    assert (rows.live["x"].tolist(), rows.live["price"].tolist()) == ([5], [111])


def test_knows_the_last_price_without_a_forming_bar():
    live = rows_of(view_of(two_days())).live
    assert math.isnan(live["x"][0])
    assert live["price"].tolist() == [110]


def test_a_forming_bar_alone_begins_the_session():
    rows = rows_of(view_of(two_days(tuesday=0), forming=bar("2025-06-03 09:15", 110.5)))
    assert (rows.today, rows.session_rows) == (2, [2])
    assert rows.columns["alpha"].tolist() == [0.75, 0.75]


def test_a_day_without_any_bar_draws_nothing():
    rows = rows_of(view_of(two_days(0, 0)))
    assert (rows.count, rows.session_rows) == (0, [])
    assert math.isnan(rows.live["price"][0])


# -- overlays --------------------------------------------------------------------------------


def test_a_minute_table_gives_each_bar_the_last_minute_within_it():
    rows = rows_of(view_of(two_days(0, 3)))
    minutes = make_bars(close=list(range(8)), day=TUESDAY)
    # 09:15-09:19 are minutes 0-4, 09:20-09:22 are 5-7, and nothing starts within 09:25
    assert aligned(minutes, rows).tolist() == [4, 7, -1]


def test_a_bar_that_the_table_lacks_stays_a_gap():
    bars = two_days(0, 3)
    table = pd.DataFrame({"ema": [1.0, 3.0]}, index=bars.index[[0, 2]])
    columns = curve_columns([Line(("ema",), "EMA")], table, rows_of(view_of(bars)), 0.0)
    assert columns["ema"].tolist() == pytest.approx([1, math.nan, 3], nan_ok=True)


def test_a_direction_splits_a_curve_and_marks_its_flip():
    bars = two_days(0, 3)
    table = pd.DataFrame({"st": [1.0, 2.0, 9.0], "dir": [1, 1, -1]}, index=bars.index)
    line = Line(("st",), "SuperTrend", direction="dir")
    columns = curve_columns([line], table, rows_of(view_of(bars)), 0.0)
    none = math.nan
    assert columns["st_up"].tolist() == pytest.approx([1, 2, none], nan_ok=True)
    assert columns["st_down"].tolist() == pytest.approx([none, none, 9], nan_ok=True)
    assert columns["st_flip_down"].tolist() == pytest.approx([none, none, 9], nan_ok=True)
    assert columns["st_flip_up"].tolist() == pytest.approx([none] * 3, nan_ok=True)


def test_an_anchored_curve_is_not_joined_across_the_night():
    bars = two_days()
    table = pd.DataFrame({"v": [1.0, 2.0, 3.0, 4.0]}, index=bars.index)
    rows = rows_of(view_of(bars))
    columns = curve_columns([Line(("v",), "VWAP", anchored=True)], table, rows, 0.0)
    assert columns["x"].tolist() == [0, 1, 1.5, 2, 3]
    assert columns["v"].tolist() == pytest.approx([1, 2, math.nan, 3, 4], nan_ok=True)


def test_a_future_is_mapped_to_the_index_by_its_basis_or_not_drawn():
    assert shift_of(SIGNALS["vwap"], 3.15) == 3.15
    assert shift_of(SIGNALS["vwap"], None) is None
    assert shift_of(SIGNALS["supertrend"], None) == 0


def test_levels_zones_and_tags_are_of_today():
    bars = two_days()
    view = (Level("p", "P"), Zone("bc", "tc"), Line(("v", "u", "l"), "VWAP ±1σ", tag="VW"))
    columns = {"p": 24235.0, "bc": 1.0, "tc": 2.0, "v": 10.0, "u": 12.0, "l": math.nan}
    table = pd.DataFrame(columns, index=bars.index)
    rows = rows_of(view_of(bars))
    assert levels(view, table, rows, 0.0) == [Mark("P", 24235.0, "c2")]
    assert zones(view, table, rows, 0.5) == [Band(0.5, 1.5, "c2")]
    assert tags(view, table, rows, 1.0) == [
        Mark("VW", 9.0, "c1"),
        Mark("+1σ", 11.0, "c1", leads=False),
    ]
    for of in (levels, zones, tags):
        assert of(view, table.iloc[:2], rows, 0.0) == []  # the table ends on Monday


def test_zones_of_support_and_resistance_are_told_from_pivots_by_their_colour():
    of = {
        name: {part.colour for part in signal.view if isinstance(part, Level)}
        for name, signal in load_signals().items()
        if name in ("pivots", "support_resistance")
    }
    assert of["support_resistance"] == {"c4"}
    assert "c2" in of["pivots"]


def test_the_tag_of_a_directed_curve_has_the_colour_of_its_side():
    bars = two_days()
    table = pd.DataFrame({"st": 9.0, "dir": -1.0}, index=bars.index)
    view = (Line(("st",), "SuperTrend", direction="dir", tag="ST"),)
    assert tags(view, table, rows_of(view_of(bars)), 0.0) == [Mark("ST", 9.0, "bear")]


def test_of_several_tagged_curves_the_first_leads_and_a_group_never_does():
    bars = two_days()
    table = pd.DataFrame({"fast": 9.0, "slow": 8.0, "far": 7.0}, index=bars.index)
    own = (Line(("fast",), "EMA 9", tag="E9"), Line(("slow",), "EMA 20", tag="E20"))
    rows = rows_of(view_of(bars))
    assert [mark.leads for mark in tags(own, table, rows, 0.0)] == [True, False]
    group = (Line(("far",), "VWAP +2σ", tag="+2σ", group="VWAP ±2σ"),)
    assert [mark.leads for mark in tags(group, table, rows, 0.0)] == [False]


def test_bars_that_did_not_change_are_taken_over():
    view = make_chart()
    before = rows_of(view)
    moved = replace(view, bars=view.bars.copy(), forming={**(view.forming or {}), "close": 24275.0})
    after = rows_of(moved, before)
    assert after.columns is before.columns
    assert after.live["close"].tolist() == [24275.0]


def test_a_changed_volume_a_new_bar_and_another_index_are_not_the_same_bars():
    view = make_chart()
    before = rows_of(view)
    volume = view.bars["volume"].copy()
    volume.iloc[-1] += 65
    others = (
        replace(view, bars=view.bars.assign(volume=volume)),
        replace(view, closing=view.forming, forming=None),
        replace(view, underlying="BANKNIFTY"),
        make_chart("13:50"),
    )
    for other in others:
        after = rows_of(other, before)
        assert after.columns is not before.columns
        fresh = rows_of(other)
        for name, column in fresh.columns.items():
            np.testing.assert_array_equal(after.columns[name], column)
        assert (after.today, after.session_rows) == (fresh.today, fresh.session_rows)


# -- what is sent ----------------------------------------------------------------------------


def columns_of(*values: float) -> dict[str, np.ndarray]:
    return {"x": np.arange(len(values), dtype=float), "y": np.array(values)}


def test_sends_the_least_that_makes_the_browser_equal():
    track = Track(("x", "y"))
    nan = math.nan
    assert track.show(columns_of(1, nan)) is Sent.ALL
    assert track.show(columns_of(1, nan)) is Sent.NOTHING
    assert track.show(columns_of(1, 2)) is Sent.PATCH
    assert track.show(columns_of(1, 2, 3)) is Sent.STREAM
    assert track.show(columns_of(1, 2, 4, 5)) is Sent.BOTH
    assert track.source.data["y"].tolist() == [1, 2, 4, 5]
    assert track.show(columns_of(1, 2)) is Sent.ALL
    assert track.source.data["y"].tolist() == [1, 2]


def test_sends_everything_when_many_rows_changed():
    track = Track(("x", "y"))
    track.show(columns_of(*range(10)))
    assert track.show(columns_of(*range(1, 11))) is Sent.ALL
    assert track.source.data["y"].tolist() == list(range(1, 11))


class Heard:
    """A chart in a document of its own, and what it told the browser last."""

    def __init__(self) -> None:
        self.chart, self.document = CandleChart(), Document()
        self.document.add_root(self.chart.pane.object)
        self._events: list[Any] = []
        self.document.callbacks.on_change(self._events.append)

    def show(
        self, view: ChartView, overlays: tuple[str, ...] = OVERLAYS, word: str = "", **more: Any
    ) -> None:
        self._events.clear()
        self.chart.show(view, SIGNALS, overlays, word, **more)

    def kinds(self, of: type) -> list[Any]:
        return [event for event in self._events if isinstance(event, of)]

    @property
    def count(self) -> int:
        return len(self._events)

    @property
    def facts(self) -> dict[str, Any]:
        price = self.chart.pane.object.children[0]
        return dict(price.tags[0])


@pytest.fixture
def heard() -> Iterator[Heard]:
    chart = Heard()
    yield chart
    chart.document.clear()


def with_close(view: ChartView, close: float) -> ChartView:
    assert view.forming is not None
    return replace(view, bars=view.bars.copy(), forming={**view.forming, "close": close})


def test_says_nothing_when_nothing_changed(heard: Heard):
    view = make_chart()
    heard.show(view)
    heard.show(replace(view, bars=view.bars.copy()))
    assert heard.count == 0


def test_a_gap_is_sent_once_and_goes_when_it_is_over(heard: Heard):
    view = make_chart()
    heard.show(view)
    (hatching,) = heard.chart.pane.object.children[0].select(name="gap")
    assert (hatching.visible, heard.facts["gaps"]) == (False, [])
    heard.show(view, gaps=(GAP,))
    assert heard.facts["gaps"] == [
        {"x0": 96.5, "x1": 100.5, "text": "18m", "why": "the socket was closed"}
    ]
    assert (hatching.visible, dict(hatching.data_source.data)) == (
        True,
        {"x0": [96.5], "x1": [100.5]},
    )
    heard.show(view, gaps=(GAP,))
    assert heard.count == 0
    heard.show(view)
    assert (hatching.visible, heard.facts["gaps"]) == (False, [])


def test_a_moving_bar_is_one_row_and_its_price(heard: Heard):
    view = make_chart()
    heard.show(view)
    heard.show(with_close(view, 24275.0))
    (live,) = heard.kinds(ColumnsPatchedEvent)
    assert live.patches["close"] == live.patches["price"] == [(0, 24275.0)]
    assert "open" not in live.patches
    assert heard.count == 1  # the browser moves the dotted line at the last price


def test_a_closed_bar_is_streamed_to_bars_and_curves(heard: Heard):
    heard.show(make_chart("13:45"))
    heard.show(make_chart("13:50"))
    streamed = heard.kinds(ColumnsStreamedEvent)
    assert [len(event.data["x"]) for event in streamed] == [1, 1, 1]  # bars, VWAP, SuperTrend
    (live,) = heard.kinds(ColumnsPatchedEvent)
    assert live.patches["x"] == [(0, 130.0)]  # 76 bars of Monday, 54 of today


def test_a_bar_that_changes_in_its_grace_is_patched_alone(heard: Heard):
    view = make_chart(overlays={})
    assert view.forming is not None
    graced = replace(
        view,
        closing=view.forming,
        forming={**view.forming, "start": view.forming["start"] + 300},
    )
    heard.show(graced)
    heard.show(replace(graced, closing={**view.forming, "close": view.forming["close"] + 1}))
    (patched,) = heard.kinds(ColumnsPatchedEvent)
    assert {row for patches in patched.patches.values() for row, _ in patches} == {129}
    assert "open" not in patched.patches
    assert heard.count == 1


def test_another_timeframe_replaces_everything_once(heard: Heard):
    heard.show(make_chart())
    before = heard.facts["key"]
    heard.show(make_chart(timeframe="15m"))
    assert heard.kinds(ColumnsStreamedEvent) == []
    assert len(heard.kinds(ColumnsPatchedEvent)) == 1  # the forming bar, a row of its own
    assert heard.facts["key"] != before
    sent = [id(event.model) for event in heard.kinds(ColumnDataChangedEvent)]
    assert len(sent) == len(set(sent))


def test_between_closed_bars_the_basis_does_not_move_a_curve(heard: Heard):
    view = make_chart()
    heard.show(view)
    heard.show(replace(view, basis=4.0))
    assert heard.count == 0
    heard.show(make_chart("13:50", basis=4.0))
    assert heard.facts["basis"] == "BASIS −4.00"


def test_without_a_basis_the_future_is_not_drawn(heard: Heard):
    heard.show(make_chart(basis=None))
    assert heard.facts["basis"] == ""
    assert [tag["text"] for tag in heard.facts["tags"]] == ["ST"]


def test_an_overlay_that_is_switched_off_goes(heard: Heard):
    view = make_chart()
    heard.show(view)
    heard.show(view, ("supertrend",))
    assert heard.facts["levels"] == []
    assert [tag["text"] for tag in heard.facts["tags"]] == ["ST"]
    heard.show(view)
    assert {tag["text"] for tag in heard.facts["tags"]} == {"VW", "+1σ", "−1σ", "ST"}


def test_an_unknown_overlay_is_left_out(heard: Heard):
    heard.show(make_chart(), ("gone", "pcr"))
    assert heard.facts["tags"] == heard.facts["levels"] == []


def test_a_chart_without_volume_has_no_pane_for_it(heard: Heard):
    view = make_chart()
    heard.show(view)
    price, volume = heard.chart.pane.object.children
    assert (volume.visible, price.xaxis[0].visible) == (True, False)
    silent = view.bars.assign(volume=math.nan)
    assert view.forming is not None
    heard.show(replace(view, bars=silent, forming={**view.forming, "volume": math.nan}))
    assert (volume.visible, price.xaxis[0].visible) == (False, True)


def test_only_mock_is_written_over_the_candles(heard: Heard):
    heard.show(make_chart(), word="MOCK")
    assert heard.facts["word"] == "MOCK"
    heard.show(make_chart(), word="REPLAY")
    assert heard.facts["word"] == ""


def test_blind_tells_neither_the_day_nor_the_contract(heard: Heard):
    heard.chart.show(make_chart(), SIGNALS, OVERLAYS, "", blind=True)
    assert heard.facts["contract"] == ""
    assert [session["text"] for session in heard.facts["sessions"]] == [""]


def test_fit_is_asked_of_the_browser(heard: Heard):
    heard.show(make_chart())
    before = heard.facts["fit"]
    heard.chart.fit()
    assert heard.facts["fit"] == before + 1


def test_a_day_without_bars_can_be_shown(heard: Heard):
    heard.show(make_chart(forming=None, bars=make_chart().bars.iloc[:0], overlays={}))
    heard.show(make_chart())
    assert heard.facts["title"] == "NIFTY 50 · 5m"


def test_a_cleared_chart_keeps_nothing_of_what_it_showed(heard: Heard):
    heard.show(make_chart())
    heard.chart.clear("No BANKNIFTY in this recording")
    facts = heard.facts
    assert facts["empty"] == "No BANKNIFTY in this recording"
    assert facts["tags"] == facts["levels"] == facts["sessions"] == []
    assert (facts["contract"], facts["basis"], facts["word"]) == ("", "", "")
    assert (facts["panes"], facts["lone"]) == ([], "")
    assert "NIFTY" not in facts["title"] + facts["key"]
    price, volume = heard.chart.pane.object.children
    candles = [r for r in price.renderers if r.visible and r.name != "curve"]
    shown = [value for r in candles for value in r.data_source.data.get("close", [])]
    assert all(math.isnan(value) for value in shown)
    assert not any(r.visible for r in price.renderers if r.name == "curve")
    assert not volume.visible


def test_a_cleared_chart_is_cleared_only_once_and_can_be_drawn_again(heard: Heard):
    heard.show(make_chart())
    heard.chart.clear()
    heard.show(make_chart())
    assert (heard.facts["empty"], heard.facts["title"]) == ("", "NIFTY 50 · 5m")
    assert {tag["text"] for tag in heard.facts["tags"]} == {"VW", "+1σ", "−1σ", "ST"}
    heard.chart.clear("No BANKNIFTY in this recording")
    before = heard.count
    heard.chart.clear("No BANKNIFTY in this recording")
    assert heard.count == before


# -- panes -----------------------------------------------------------------------------------


def panes_of(heard: Heard) -> list[str]:
    return [pane["id"] for pane in heard.facts["panes"]]


def figures_of(heard: Heard) -> dict[str, Any]:
    return {plot.name: plot for plot in heard.chart.pane.object.children[1:]}


def source_of(heard: Heard, name: str) -> dict[str, Any]:
    (curve,) = (r for r in figures_of(heard)[name].renderers if r.name == "curve")
    return dict(curve.data_source.data)


def test_a_group_of_lines_is_a_switch_of_its_own():
    parts = parts_of({"pivots": SIGNALS["pivots"], "momentum": SIGNALS["momentum"]})
    assert list(parts) == [
        "pivots",
        "pivots:CPR",
        "pivots:Fibonacci pivots",
        "pivots:Camarilla pivots",
        "pivots:Woodie pivots",
        "momentum:RSI",
        "momentum:MACD",
    ]
    assert [part.pane is not None for part in parts.values()] == [False] * 5 + [True] * 2


def test_a_pane_shares_the_bars_in_view_and_only_the_lowest_tells_the_times(heard: Heard):
    heard.show(make_chart(), (*OVERLAYS, *PANES))
    assert panes_of(heard) == ["volume", *PANES]
    price, *below = heard.chart.pane.object.children
    assert [plot.name for plot in below] == ["volume", *PANES]
    assert all(plot.x_range is price.x_range for plot in below)
    told = [plot.xaxis[0].visible for plot in (price, *below)]
    assert told == [False, False, False, False, True]


def test_panes_stand_in_their_order_whenever_they_are_opened(heard: Heard):
    view = make_chart()
    heard.show(view, ("adx:ADX",))
    heard.show(view, ("adx:ADX", "momentum:RSI"))
    assert list(figures_of(heard)) == ["volume", "momentum:RSI", "adx:ADX"]
    heard.show(view, ("momentum:RSI",))
    shown = {name: plot.visible for name, plot in figures_of(heard).items()}
    assert shown == {"volume": False, "momentum:RSI": True, "adx:ADX": False}


def test_a_pane_shows_its_section_at_each_bar(heard: Heard):
    view = make_chart()
    heard.show(view, PANES)
    rsi = source_of(heard, "momentum:RSI")
    table = view.overlays["momentum"]
    assert len(rsi["x"]) == len(view.bars)
    known = np.isfinite(rsi["rsi14"])
    assert rsi["rsi14"][known].tolist() == table["rsi14"].dropna().tolist()


def test_a_moving_bar_sends_nothing_to_the_panes(heard: Heard):
    view = make_chart()
    heard.show(view, (*OVERLAYS, *PANES))
    heard.show(with_close(view, 24275.0), (*OVERLAYS, *PANES))
    (live,) = heard.kinds(ColumnsPatchedEvent)
    assert live.patches["close"] == [(0, 24275.0)]
    assert heard.count == 1


def test_a_closed_bar_is_streamed_to_the_panes(heard: Heard):
    heard.show(make_chart("13:45"), PANES)
    heard.show(make_chart("13:50"), PANES)
    streamed = heard.kinds(ColumnsStreamedEvent)
    assert [len(event.data["x"]) for event in streamed] == [1, 1, 1, 1]  # bars, three panes
    assert heard.kinds(ColumnDataChangedEvent) == []


def test_a_section_that_a_recording_lacks_opens_no_pane(heard: Heard):
    view = make_chart()
    known = {name: table for name, table in view.overlays.items() if name != "momentum"}
    heard.show(replace(view, overlays=known), (*OVERLAYS, *PANES))
    assert panes_of(heard) == ["volume", "adx:ADX"]


def test_a_pane_says_which_timeframe_it_shows_if_it_has_not_that_of_the_chart(heard: Heard):
    view = make_chart()
    heard.show(view, PANES)
    assert [pane["label"] for pane in heard.facts["panes"]] == ["", "", ""]
    heard.show(make_chart("13:45", "30m", overlays=view.overlays), PANES)
    assert [pane["label"] for pane in heard.facts["panes"]] == ["15m", "15m", ""]


def test_a_phone_has_room_for_the_pane_chosen_last(heard: Heard):
    heard.show(make_chart(), ("adx:ADX", "volume", "momentum:RSI", "vwap"))
    assert heard.facts["lone"] == "momentum:RSI"


def test_relative_volume_is_drawn_over_the_bars_of_volume(heard: Heard):
    view = make_chart()
    table = pd.DataFrame({"rvol_tod": 1.2, "rvol20": 0.8}, index=view.bars.index)
    heard.show(replace(view, overlays={**view.overlays, "volume": table}), ("volume",))
    (pane,) = heard.facts["panes"]
    assert [curve["label"] for curve in pane["curves"]] == ["× usual", "× 20 bars"]
    curves = [r for r in figures_of(heard)["volume"].renderers if r.name == "curve"]
    assert [curve.y_range_name for curve in curves] == ["ratio", "ratio"]
    heard.show(view, ("volume",))
    assert heard.facts["panes"][0]["curves"] == []
    assert np.isnan(curves[0].data_source.data["rvol_tod"]).all()


def test_a_closed_pane_of_volume_leaves_its_room(heard: Heard):
    heard.show(make_chart(), ("vwap",))
    assert not figures_of(heard)["volume"].visible
    assert heard.chart.pane.object.children[0].xaxis[0].visible


def test_an_event_is_written_at_its_price_on_the_side_it_broke():
    bars = two_days(0, 3)
    columns = {"event": ["", "BOS", "BOS"], "broken": [math.nan, 5.0, 6.0], "trend": [0, 1, -1]}
    table = pd.DataFrame(columns, index=bars.index)
    event = Event("event", "BOS", at="broken", side="trend")
    shown = curve_columns([], table, rows_of(view_of(bars)), 0.5, [event])
    none = math.nan
    assert shown["BOS_up"].tolist() == pytest.approx([none, 4.5, none], nan_ok=True)
    assert shown["BOS_down"].tolist() == pytest.approx([none, none, 5.5], nan_ok=True)


def test_a_theme_repaints_the_panes_too(heard: Heard):
    heard.show(make_chart(), PANES)
    heard.chart.set_theme("light")
    rsi = figures_of(heard)["momentum:RSI"]
    (curve,) = (r for r in rsi.renderers if r.name == "curve")
    assert curve.glyph.line_color == "#8A36C9"
    assert rsi.styles["border-top"].endswith("#DCE2EC")


# -- colours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_palette_is_the_table_of_the_look(theme: str):
    words = LOOK[theme].split()
    wanted = {name: f"#{value}" for name, value in zip(words[::2], words[1::2], strict=True)}
    found = palette(theme)
    assert {name: found[name] for name in wanted} == wanted


def test_refuses_an_unknown_theme():
    with pytest.raises(InputError, match="dark, light"):
        palette("sepia")


def test_a_theme_repaints_what_is_drawn(heard: Heard):
    heard.show(make_chart())
    heard.chart.set_theme("light")
    assert heard.facts["colours"]["bull"] == "#00705A"
    price = heard.chart.pane.object.children[0]
    lines = {g.glyph.line_color for g in price.renderers if g.name == "curve"}
    assert lines == {"#9A6A00", "#00705A", "#BF2E1B"}
