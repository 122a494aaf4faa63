"""The two wide cards and the rulers: parts that add up, thresholds where the sections have them."""

from dataclasses import replace

import pytest

from dashboard.core.signal import Stance
from dashboard.signals import load_signals
from dashboard.ui.present_explain import explain_pane
from dashboard.ui.present_origin import INPUTS
from dashboard.ui.present_scale import LEVELS, SCALES, ruler, scale
from dashboard.ui.present_sections import in_order, sections_pane
from dashboard.ui.selection import Selection
from tests.signals.markets import quiet_market
from tests.ui.sample import ALL, make_reading, make_snapshot

DESK = Selection()


def card(name, **changes):
    snapshot = make_snapshot(ALL)
    reading = make_reading(name, **changes)
    final = {**snapshot.final, ("NIFTY", name, "5m"): reading}
    cards = sections_pane(replace(snapshot, final=final), DESK)["cards"]
    return next(c for c in cards if c["id"] == name)


def test_confluence_is_first_and_vix_last_and_the_rest_as_they_load():
    names = in_order(load_signals())
    assert (names[0], names[-1]) == ("confluence", "vix")
    assert names[1:-1] == [n for n in load_signals() if n not in ("confluence", "vix")]
    cards = sections_pane(make_snapshot(ALL), DESK)["cards"]
    assert [c["id"] for c in cards if c["wide"]] == ["confluence", "vix"]


def test_group_bars_add_to_the_total():
    shown = card("confluence")
    assert shown["key"] == "−9.4"
    assert [(bar["label"], bar["text"], bar["side"]) for bar in shown["bars"]] == [
        ("Trend", "−6.9", "bear"),
        ("Momentum", "−9.0", "bear"),
        ("Location", "+7.6", "bull"),
        ("Participation", "−2.9", "bear"),
        ("Derivatives", "+1.7", "bull"),
    ]
    assert [bar["reach"] for bar in shown["bars"]][1] == 30.0  # 9 of the largest weight, 30


def test_a_group_says_what_its_members_add_and_which_are_silent():
    bars = {bar["label"]: bar for bar in card("confluence")["bars"]}
    assert bars["Participation"]["title"] == "volume —, volume profile 0.0, candle −2.9"
    assert card("confluence")["reason"].endswith("VIX × 1.00; in part: participation")


def test_a_vote_that_is_not_there_says_why():
    snapshot = make_snapshot(ALL)
    key = ("NIFTY", "confluence", "5m")
    values = {**snapshot.final[key].values, "candle": None}
    silent = replace(snapshot.final[key], values=values)
    drawn = replace(snapshot, final={**snapshot.final, key: silent})
    rows = explain_pane(drawn, replace(DESK, explain="confluence"))["votes"]["rows"]
    why = {row["cells"][0]: row["title"] for row in rows[:-1] if row["cells"][-1] == "—"}
    assert why == {
        "Volume": "Needs 10 baseline sessions, has 7",
        "Candle intent": "Less than half of its group's shares had a vote",
    }
    assert {row["title"] for row in rows[:-1] if row["cells"][-1] != "—"} == {""}


def test_confluence_always_says_that_no_edge_is_established():
    for changes in ({}, {"state": Stance.INSUFFICIENT, "values": {}}, {"flags": ("failed",)}):
        assert card("confluence", **changes)["fixed"]["text"] == "NO STATISTICAL EDGE ESTABLISHED"


def test_a_total_that_is_not_known_is_a_dash_and_has_empty_bars():
    shown = card("confluence", state=Stance.INSUFFICIENT, values={}, reason="Coverage 40% < 60%")
    assert shown["key"] == "—"
    assert {(bar["text"], bar["side"], bar["reach"]) for bar in shown["bars"]} == {("—", "", 0.0)}
    assert shown["reason"] == "Coverage 40% < 60%"


def test_vix_says_its_regime_and_factor_in_place_of_a_side():
    shown = card("vix")
    assert (shown["word"], shown["key"], shown["blocks"]) == ("Normal", "× 1.00", None)
    assert shown["label"] == "India VIX regime: Neutral, 0, normal"
    assert shown["numbers"][-1]["text"] == "38%"
    assert shown["ruler"]["pointer"]["text"] == "VIX 13.42"


def test_a_bearish_vix_keeps_its_side():
    shown = card("vix", state=Stance.BEARISH, strength=55.0)
    assert (shown["word"], shown["blocks"]) == ("Bearish", 3)
    assert "key" not in shown


def test_an_unknown_percentile_is_a_dash_with_its_reason():
    values = {"vix": 13.42, "regime": "normal", "factor": 1.0, "percentile": None}
    number = card("vix", values=values)["numbers"][-1]
    assert (number["text"], number["title"]) == ("—", "Fewer than 252 earlier sessions are known")


@pytest.mark.parametrize("name", ["confluence", "candle"])
def test_a_section_of_five_minutes_alone_says_so_on_a_page_of_fifteen(name):
    snapshot = make_snapshot(ALL)
    own = replace(snapshot.signals[name], timeframes=("5m",))
    snapshot = replace(snapshot, signals={**snapshot.signals, name: own})
    for timeframe, chips in (("15m", ["5M"]), ("5m", [])):
        cards = sections_pane(snapshot, Selection(timeframe=timeframe))["cards"]
        shown = next(c for c in cards if c["id"] == name)
        assert [chip["text"] for chip in shown["chips"]] == chips


def test_every_input_of_a_section_has_a_name():
    asked = {n for s in load_signals().values() for n in (*s.needs, *s.optional, *s.context)}
    assert asked - {"underlying"} <= set(INPUTS)


def test_a_ruler_of_thresholds_has_a_band_between_each_two():
    shown = scale(SCALES["momentum"], 42.4)
    assert [(b["x"], b["w"], b["kind"]) for b in shown["bands"]] == [
        (0.0, 33.33, "bear"),
        (33.33, 33.34, ""),
        (66.67, 33.33, "bull"),
    ]
    assert [tick["text"] for tick in shown["ticks"]] == ["30", "40", "50", "60", "70"]
    assert shown["pointer"] == {"x": 37.33, "text": "RSI 42.4"}
    assert shown["ends"] == ["▼ bearish", "bullish ▲"]


def test_a_number_beyond_its_ruler_stands_at_the_end():
    assert scale(SCALES["vwap"], 9.0)["pointer"]["x"] == 100.0


def test_a_number_that_is_not_known_has_no_pointer():
    assert scale(SCALES["pcr"], None)["pointer"] is None


def test_above_max_pain_is_the_bearish_end():
    assert scale(SCALES["max_pain"], 0.5)["ends"] == ["▲ bullish", "bearish ▼"]


def test_a_price_stands_among_its_levels():
    values = {"or15_low": 24200.0, "or15_high": 24300.0}
    shown = ruler("orb", make_reading("orb", values=values), 24350.0)
    assert shown["pointer"]["text"] == "now 24,350.00"
    assert [tick["title"] for tick in shown["ticks"]] == ["low 24,200.00", "high 24,300.00"]
    assert shown["ticks"][0]["x"] < shown["ticks"][1]["x"] < shown["pointer"]["x"]


def test_levels_that_are_not_known_make_no_ruler():
    assert ruler("orb", make_reading("orb", values={"or15_low": None}), 24350.0) is None


@pytest.mark.parametrize("signal", load_signals().values(), ids=lambda s: s.id)
def test_every_section_has_a_ruler_of_columns_it_calculates(signal):
    market = quiet_market()
    table = signal.calculate(*(getattr(market, n) for n in (*signal.needs, *signal.optional)))
    shown = [SCALES[signal.id].column] if signal.id in SCALES else LEVELS[signal.id].values()
    assert set(shown) <= set(table.columns)
