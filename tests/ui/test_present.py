"""Panes: numbers as they are read, unknown as a dash with its reason, nothing leaks when blind."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dashboard.core.market import Source
from dashboard.core.signal import Stance, Warmup
from dashboard.pipeline.snapshot import IndexQuote
from dashboard.ui.desk import DeskView
from dashboard.ui.notice import Notice
from dashboard.ui.phrases import short_age, spaced_age
from dashboard.ui.present import Presenter, present
from dashboard.ui.present_cards import blocks
from dashboard.ui.present_chain import chain_pane, heat
from dashboard.ui.present_explain import explain_pane
from dashboard.ui.present_header import header_pane, mode_of
from dashboard.ui.present_indices import indices_pane
from dashboard.ui.present_labels import label_of
from dashboard.ui.present_machine import days_pane, machine_pane
from dashboard.ui.present_notices import banner_pane
from dashboard.ui.present_sections import sections_pane
from dashboard.ui.present_timeline import timeline_pane
from dashboard.ui.present_toolbar import toolbar_pane
from dashboard.ui.selection import Selection
from tests.ui.chart_sample import make_chart
from tests.ui.sample import ALL, AT, VARIANTS, make_days, make_reading, make_snapshot

BLIND = Selection(blind=True)
DESK = Selection()


def card(snapshot, name, selection=DESK):
    return next(c for c in sections_pane(snapshot, selection)["cards"] if c["id"] == name)


def test_every_pane_is_a_parameter_of_the_view():
    assert set(present(make_snapshot(), DESK)) <= set(DeskView.param)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("selection", [DESK, BLIND, Selection("SENSEX", "1m")])
def test_every_variant_becomes_json_without_nan(variant, selection):
    for text in present(VARIANTS[variant](), selection).values():
        json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_a_visit_is_shown_what_a_fresh_look_would_show():
    """What is kept from one update to the next is never out of date."""
    presenter = Presenter()
    now = make_snapshot()
    line = now.timeline
    minutes, closes = line.silhouettes["NIFTY"]
    turned = {"NIFTY": (minutes, closes[::-1])}
    looks = [
        (now, DESK),
        (replace(now, at=now.at + timedelta(seconds=1)), DESK),
        (now, BLIND),
        (replace(now, at=now.at + timedelta(minutes=20)), BLIND),
        (now, Selection("SENSEX", "1m", explain="vwap")),
        (now, Selection(overlays=("ema",))),
        (replace(now, timeline=replace(line, silhouettes=turned)), DESK),
        (replace(now, timeline=replace(line, flips={"NIFTY": ((line.start + 900, -1),)})), DESK),
        (replace(now, timeline=replace(line, gaps=())), DESK),
        (replace(now, day=now.day - timedelta(days=1)), DESK),
        (replace(now, signals={}, final={}, provisional={}), DESK),
        (now, DESK),
    ]
    for snapshot, selection in looks:
        notices = (Notice("full", "The store is full."),) if selection.blind else ()
        fresh = present(snapshot, selection, notices)
        assert presenter.present(snapshot, selection, notices) == fresh


# -- ages --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12, "12 s"),
        (59, "59 s"),
        (60, "1m"),
        (110, "1m 50s"),
        (900, "15m"),
        (3600, "1h"),
        (64800, "18h"),
        (86400, "1d"),
    ],
)
def test_an_age_keeps_its_unit(seconds, text):
    assert spaced_age(seconds) == text
    assert short_age(seconds) == text


def test_whole_minutes_and_hours_keep_their_unit_wherever_an_age_stands():
    quote = replace(make_snapshot().indices["NIFTY"], age_s=900.0, stale=True)
    chain = replace(make_snapshot().chains["NIFTY"], time_to_expiry_s=64800.0, oi_age_s=60.0)
    line = make_snapshot().timeline
    gap = (line.start + 8000, line.start + 11600, "the feed was silent")
    snapshot = make_snapshot(
        indices={"NIFTY": quote},
        chains={"NIFTY": chain},
        feed_age_s=3600.0,
        timeline=replace(line, gaps=(gap,)),
    )
    assert indices_pane(snapshot, DESK)[0]["stale"] == "STALE 15m"
    assert banner_pane(snapshot, DESK, ())[0]["title"] == "NIFTY has not ticked for 15m."
    assert chain_pane(snapshot, DESK)["facts"][0][1] == "18h"
    assert chain_pane(snapshot, DESK)["oi"]["text"] == "OI 1m"
    assert header_pane(snapshot, DESK)["age"] == "1h"
    assert timeline_pane(snapshot, DESK)["gaps"][0]["text"] == "1h"


# -- header ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "replay", "mode"),
    [
        (Source.LIVE, False, "LIVE"),
        (Source.LIVE, True, "REPLAY"),
        (Source.RECORDED, True, "REPLAY"),
        (Source.RECORDED, False, "REPLAY"),
        (Source.MOCK, True, "MOCK"),
        (Source.MOCK, False, "MOCK"),
    ],
)
def test_a_generated_day_is_mock_however_it_is_played(source, replay, mode):
    assert mode_of(make_snapshot(source=source, replay=replay)) == mode


def test_the_header_says_date_clock_phase_and_age():
    header = header_pane(make_snapshot(), DESK)
    assert (header["clock"], header["date"]) == ("13:42:18", "Tue 18 Aug 2026")
    assert (header["phase"], header["expiry"]) == ("Continuous", "NIFTY expiry")
    assert header["age"] == "0.4 s"


def test_an_unknown_age_is_a_dash():
    assert header_pane(make_snapshot(feed_age_s=None), DESK)["age"] == "—"


# -- indices -----------------------------------------------------------------------------
def test_an_index_card_reads_as_drawn():
    nifty, bank, sensex = indices_pane(make_snapshot(), DESK)
    assert (nifty["price"], nifty["change"]) == ("24,302.40", "▲ 15.25  +0.06%")
    assert (bank["change"], bank["sign"]) == ("▼ 245.85  −0.45%", -1)
    assert (nifty["low"], nifty["high"], nifty["pcr"]) == ("24,195", "24,384", "0.84")
    assert nifty["range"] == [
        0.268,
        0.567,
    ]  # (24246 - 24195.2) / 189.2, (24302.4 - 24195.2) / 189.2
    assert sensex["stale"] == "STALE 7 s"


def test_a_missing_pcr_is_a_dash_with_its_reason():
    sensex = indices_pane(make_snapshot(), DESK)[2]
    assert (sensex["pcr"], sensex["pcr_title"]) == ("—", "No SENSEX chain in this recording")


def test_an_index_without_ticks_is_dashes_and_never_zero():
    nifty = indices_pane(make_snapshot(indices={}), DESK)[0]
    assert (nifty["price"], nifty["change"], nifty["low"]) == ("—", "—", "—")
    assert (nifty["range"], nifty["spark"]) == (None, [])


def test_the_sparkline_spans_its_own_range_and_its_previous_close():
    quote = replace(make_snapshot().indices["NIFTY"], spark=(10.0, 30.0, 20.0), previous_close=50.0)
    nifty = indices_pane(make_snapshot(indices={"NIFTY": quote}), DESK)[0]
    assert (nifty["spark"], nifty["spark_base"]) == ([0, 50, 25], 100)
    assert nifty["spark_end"] == 0.74  # 267.3 of 360 minutes


def test_without_a_confluence_the_card_counts_states():
    nifty = indices_pane(make_snapshot(), DESK)[0]
    assert nifty["stance"] is None
    assert nifty["tally"] == [["bullish", 4], ["bearish", 1], ["neutral", 1]]


def test_with_a_confluence_the_card_shows_its_total():
    nifty = indices_pane(make_snapshot(ALL), DESK)[0]
    assert (nifty["stance"]["word"], nifty["stance"]["number"]) == ("Neutral", "−9.4")


# -- sections ----------------------------------------------------------------------------
def test_cards_keep_the_order_of_the_sections_and_count_their_states():
    pane = sections_pane(make_snapshot(), DESK)
    assert [c["id"] for c in pane["cards"]] == ["ema", "supertrend", "vwap", "pivots", "orb", "pcr"]
    assert pane["counts"] == {"bullish": 4, "bearish": 1, "neutral": 1, "insufficient": 0}
    assert pane["title"] == "NIFTY 5m · closed 13:40"


def test_the_head_tells_the_bar_that_most_cards_are_of():
    snapshot = make_snapshot()
    ahead = make_reading("pcr", asof=AT)
    snapshot = replace(snapshot, final={**snapshot.final, ("NIFTY", "pcr", "5m"): ahead})
    assert sections_pane(snapshot, DESK)["title"] == "NIFTY 5m · closed 13:40"


def test_a_final_card_shows_state_strength_numbers_and_closing_time():
    shown = card(make_snapshot(), "supertrend")
    assert (shown["state"], shown["word"], shown["strength"], shown["blocks"]) == (
        "bearish",
        "Bearish",
        "74",
        4,
    )
    assert [n["text"] for n in shown["numbers"]] == ["24,337.4", "24,337.2", "−36.7"]
    assert (shown["certainty"], shown["age"]) == ("final", "13:40")
    assert shown["full"] == "Bearish: Close 24,300.70 < 24,337.42; both agree"


def test_a_forming_bar_lends_its_numbers_but_not_its_state():
    snapshot = make_snapshot()
    forming = make_reading(
        "supertrend", final=False, bar_ts=AT, state=Stance.BULLISH, values={"10,3": 1.0, "7,3": 2.0}
    )
    shown = card(
        replace(snapshot, provisional={("NIFTY", "supertrend", "5m"): forming}), "supertrend"
    )
    assert (shown["word"], shown["certainty"], shown["age"]) == ("Bearish", "forming", "forming")
    assert [n["text"] for n in shown["numbers"]] == ["1.0", "2.0", "—"]
    assert all(n["provisional"] for n in shown["numbers"])


def test_a_forming_reading_that_is_not_newer_is_left_alone():
    snapshot = make_snapshot()
    late = replace(make_reading("ema"), final=False)
    shown = card(replace(snapshot, provisional={("NIFTY", "ema", "5m"): late}), "ema")
    assert shown["certainty"] == "final"


def test_an_unknown_number_is_a_dash_with_its_reason():
    shown = card(make_snapshot(ALL), "volume")
    assert [n["text"] for n in shown["numbers"]] == ["0.84", "—"]
    assert (
        shown["numbers"][1]["title"] == "baseline is not known: Needs 10 baseline sessions, has 7"
    )


def test_insufficient_shows_the_warm_up_and_no_strength():
    shown = card(make_snapshot(ALL), "volume")
    assert (shown["state"], shown["blocks"], shown["strength"]) == ("insufficient", None, "")
    assert shown["warmup"] == {"text": "7 of 10", "percent": 70}


def test_states_that_a_recording_or_a_failure_gives():
    snapshot = VARIANTS["cards"]()
    assert card(snapshot, "vwap")["word"] == "Not in recording"
    assert card(snapshot, "supertrend")["state"] == "failed"
    assert card(snapshot, "pivots")["reason"] == "No bar has closed yet"


def lacking(name, reason):
    """Return the drawn day with one section whose input is not there."""
    reading = make_reading(
        name,
        state=Stance.INSUFFICIENT,
        strength=0.0,
        values={},
        reason=reason,
        flags=("not_in_recording",),
        warmup=Warmup(0, 10),
    )
    snapshot = make_snapshot()
    return replace(snapshot, final={**snapshot.final, ("NIFTY", name, "5m"): reading})


def test_a_card_without_numbers_has_its_reason_in_their_place():
    shown = card(lacking("vwap", "No future volume in this recording"), "vwap")
    assert shown["numbers"] == []
    assert shown["say"] == shown["full"] == "No future volume in this recording"
    assert card(VARIANTS["cards"](), "pivots")["say"] == "No bar has closed yet"


def test_a_card_with_numbers_or_a_warm_up_says_its_reason_below_them():
    assert card(make_snapshot(), "supertrend")["say"] == ""
    assert card(make_snapshot(ALL), "volume")["say"] == ""


def test_what_has_not_ticked_yet_is_not_called_absent_from_the_recording():
    shown = card(lacking("vwap", "No NIFTY option has ticked yet"), "vwap")
    assert (shown["state"], shown["word"]) == ("insufficient", "Insufficient")
    assert (shown["say"], shown["warmup"]) == ("No NIFTY option has ticked yet", None)


def test_an_index_has_one_name_whether_it_was_recorded_or_not():
    snapshot = without_banknifty()
    unnamed = IndexQuote("BANKNIFTY", "BANKNIFTY")
    named = replace(snapshot, indices={**snapshot.indices, "BANKNIFTY": unnamed})
    for drawn in (make_snapshot(), snapshot, named):
        names = [one["title"] for one in indices_pane(drawn, DESK)]
        assert names == ["NIFTY 50", "NIFTY BANK", "SENSEX"]
    assert [one["absent"] for one in indices_pane(named, DESK)] == ["", "Not in recording", ""]


def without_banknifty(**changes):
    """Return the drawn day as a recording that has nothing of BANKNIFTY."""
    snapshot = make_snapshot(**changes)
    final = {key: reading for key, reading in snapshot.final.items() if key[0] != "BANKNIFTY"}
    quotes = {n: quote for n, quote in snapshot.indices.items() if n != "BANKNIFTY"}
    return replace(snapshot, final=final, indices=quotes)


def test_an_instrument_that_was_not_recorded_says_so():
    shown = card(without_banknifty(), "ema", Selection("BANKNIFTY"))
    assert (shown["state"], shown["word"]) == ("absent", "Not in recording")
    assert shown["reason"] == "No BANKNIFTY in this recording"
    bank = indices_pane(without_banknifty(), DESK)[1]
    for title in ("title_price", "title_change", "title_range", "pcr_title"):
        assert bank[title] == "No BANKNIFTY in this recording"


def test_what_a_live_desk_has_not_heard_of_may_still_come():
    live = without_banknifty(source=Source.LIVE, replay=False)
    shown = card(live, "ema", Selection("BANKNIFTY"))
    assert shown["reason"] == "No bar has closed yet"
    assert indices_pane(live, DESK)[1]["title_price"] == "No tick of NIFTY BANK yet"


def test_a_known_price_needs_no_reason():
    nifty = indices_pane(make_snapshot(), DESK)[0]
    assert (nifty["title_price"], nifty["title_change"], nifty["title_range"]) == (None, None, None)


def test_a_stale_card_tells_its_age():
    shown = card(VARIANTS["cards"](), "ema")
    assert (shown["stale"], shown["age"]) == (True, "6m 18s")
    assert [c["text"] for c in shown["chips"]] == ["STALE"]


def test_a_flag_is_a_short_word_with_its_meaning():
    late = make_reading("orb", flags=("late_day", "unofficial_close", "odd_thing"))
    snapshot = make_snapshot()
    shown = card(replace(snapshot, final={("NIFTY", "orb", "5m"): late}), "orb")
    assert shown["chips"] == [
        {"text": "LATE DAY", "title": "After 14:30 the opening range says less"},
        {"text": "UNOFF", "title": "Unofficial: the prior close is not the exchange's own"},
        {"text": "ODD THING", "title": "odd thing"},
    ]
    assert not shown["stale"]


def test_every_card_of_a_generated_day_carries_the_chip():
    cards = sections_pane(make_snapshot(source=Source.MOCK), DESK)["cards"]
    assert {c["chips"][0]["text"] for c in cards} == {"MOCK"}
    assert all(c["mocked"] for c in cards)


def before_the_first_bar():
    """Return 09:15:40 of the drawn day: all readings are of the evening before."""
    snapshot = make_snapshot()
    evening = AT.replace(day=17, hour=15, minute=15, second=0)
    old = {"bar_ts": evening - timedelta(minutes=5), "asof": evening}
    final = {key: replace(reading, **old) for key, reading in snapshot.final.items()}
    at = AT.replace(hour=9, minute=15, second=40)
    return replace(snapshot, final=final, provisional={}, at=at)


@pytest.mark.parametrize("name", ["vwap", "orb", "pivots"])
def test_what_begins_with_the_session_waits_for_the_first_bar_of_today(name):
    shown = card(before_the_first_bar(), name)
    assert (shown["state"], shown["reason"]) == ("insufficient", "No bar of today has closed yet")
    assert (shown["numbers"], shown["blocks"], shown["certainty"]) == ([], None, None)
    explained = explain_pane(before_the_first_bar(), replace(DESK, explain=name))
    assert explained["groups"] == []


def test_other_cards_of_yesterday_say_their_date():
    shown = card(before_the_first_bar(), "supertrend")
    assert (shown["state"], shown["age"]) == ("bearish", "17 Aug 15:15")
    explained = explain_pane(before_the_first_bar(), replace(DESK, explain="supertrend"))
    assert explained["when"] == "final, 5m closed 17 Aug 15:15"


def test_a_forming_card_with_a_state_of_yesterday_says_the_date():
    snapshot = before_the_first_bar()
    forming = make_reading("ema", final=False, bar_ts=AT.replace(hour=9, minute=15, second=0))
    shown = card(replace(snapshot, provisional={("NIFTY", "ema", "5m"): forming}), "ema")
    assert (shown["certainty"], shown["age"]) == ("forming", "17 Aug 15:15")


def test_counts_before_the_first_bar_leave_out_what_begins_with_the_session():
    pane = sections_pane(before_the_first_bar(), DESK)
    assert pane["title"] == "NIFTY 5m · closed 17 Aug 15:15"
    assert pane["counts"] == {"bullish": 1, "bearish": 1, "neutral": 1, "insufficient": 3}
    nifty = indices_pane(before_the_first_bar(), DESK)[0]
    assert nifty["tally"] == [["bullish", 1], ["bearish", 1], ["neutral", 1], ["insufficient", 3]]


def test_a_blind_day_does_not_say_the_date_of_the_day_before():
    text = " ".join(present(before_the_first_bar(), replace(BLIND, explain="ema")).values())
    assert "17 Aug" not in text
    assert card(before_the_first_bar(), "ema", BLIND)["age"] == "earlier day 15:15"


def test_a_day_that_loads_shows_real_titles():
    shown = card(VARIANTS["loading"](), "orb")
    assert (shown["title"], shown["state"], shown["numbers"]) == ("Opening range", "loading", [])


@pytest.mark.parametrize(
    ("strength", "filled"), [(0, 0), (3, 1), (17, 1), (33, 2), (60, 3), (74, 4), (100, 5)]
)
def test_blocks_show_strength_in_fifths(strength, filled):
    assert blocks(strength) == filled


# -- explain -----------------------------------------------------------------------------
def test_a_section_without_its_input_has_no_ruler_to_stand_on():
    drawn = replace(DESK, explain="vwap")
    shown = explain_pane(lacking("vwap", "No future volume in this recording"), drawn)
    assert (shown["ruler"], shown["flags"]) == (None, [])
    assert explain_pane(make_snapshot(), drawn)["ruler"]


def test_explain_lists_values_levels_and_origin():
    groups = {
        g["title"]: g["pairs"]
        for g in explain_pane(make_snapshot(), replace(DESK, explain="pivots"))["groups"]
    }
    assert groups["Values"][0][:2] == ("P", "24,235.0")
    assert groups["Levels"] == [("P", "24,235.00"), ("R1", "24,347.30")]
    assert ("bar began", "13:35") in groups["Where it is from"]


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("ema200", "EMA 200"),
        ("cross_9_20", "cross 9/20"),
        ("st_7_3_dir", "direction 7,3"),
        ("classic_p", "Classic P"),
        ("fib_r1", "Fibonacci R1"),
        ("cam_s5", "Camarilla S5"),
        ("or15_high", "OR 15m high"),
        ("or30_break", "OR 30m break"),
        ("vwap_l2", "VWAP −2σ"),
        ("pcr_atm_missing", "strikes missing"),
        ("new_value", "new value"),
    ],
)
def test_a_value_is_called_by_a_readable_name(column, label):
    assert label_of(column) == label


def test_a_value_of_no_table_keeps_the_label_of_its_card():
    assert label_of("newness", "Newness") == "Newness"


def test_explain_of_nothing_is_empty():
    assert explain_pane(make_snapshot(), DESK)["groups"] == []


def test_a_blind_explain_hides_the_month_of_the_contract():
    pane = explain_pane(make_snapshot(), replace(BLIND, explain="vwap"))
    assert ("instrument", "NIFTY FUT") in pane["groups"][-1]["pairs"]


# -- chain -------------------------------------------------------------------------------
def test_the_chain_stands_round_the_money_with_three_near_strikes():
    pane = chain_pane(make_snapshot(), DESK)
    near = [row["k"] for row in pane["rows"] if not row["far"]]
    assert near == ["24,150", "24,200", "24,250", "24,300", "24,350", "24,400", "24,450"]
    assert (len(pane["rows"]), pane["count"], pane["chip"]) == (15, 41, "18 AUG · TODAY")


def test_a_chain_row_reads_as_drawn():
    row = next(r for r in chain_pane(make_snapshot(), DESK)["rows"] if r["atm"])
    assert (row["k"], row["itm"]) == ("24,300", "c")
    calls = row["c"]
    assert (calls["chg"], calls["oi"], calls["vol"]) == ("−26.0", "98.2", "1,025")
    assert (calls["iv"], calls["ltp"], calls["bar"], calls["heat"]) == ("12.9", "21.60", 79, -55)


def test_a_missing_iv_is_a_dash_with_its_reason():
    row = next(r for r in chain_pane(make_snapshot(), DESK)["rows"] if r["k"] == "24,150")
    assert (row["p"]["iv"], row["p"]["note"]) == ("—", "No IV: the price is at the floor")


def test_chain_facts_and_the_age_of_open_interest():
    pane = chain_pane(make_snapshot(), DESK)
    assert [fact[:2] for fact in pane["facts"]] == [
        ("T", "1h 57m"),
        ("Fwd", "24,305.55"),
        ("ATM IV", "12.9%"),
        ("Straddle", "37.65"),
    ]
    assert (pane["oi"]["text"], pane["oi"]["late"]) == ("OI 1m 50s", True)


def test_a_stale_price_at_the_money_is_a_dash_with_its_reason():
    chain = make_snapshot().chains["NIFTY"]
    note = "stale: no option price fresh within 60 s"
    rows = tuple(
        replace(row, call_iv=None, call_note=note) if row.strike == chain.atm else row
        for row in chain.rows
    )
    stale = replace(chain, rows=rows, atm_iv=None, straddle=None, forward=None, forward_source=note)
    pane = chain_pane(replace(make_snapshot(), chains={"NIFTY": stale}), DESK)
    why = "not known: the price at the money is stale, not fresh within 60 s"
    assert pane["facts"][1:] == [
        ("Fwd", "—", f"Forward: {note}"),
        ("ATM IV", "—", f"ATM IV {why}"),
        ("Straddle", "—", f"Straddle {why}"),
    ]
    side = next(row for row in pane["rows"] if row["atm"])["c"]
    assert (side["iv"], side["note"], side["mark"]) == ("—", note, "stale")


def test_all_strikes_opens_the_whole_chain():
    assert len(chain_pane(make_snapshot(), replace(DESK, all_strikes=True))["rows"]) == 41


def test_no_chain_says_why():
    pane = chain_pane(make_snapshot(), Selection("SENSEX"))
    assert pane["reason"] == "No SENSEX option chain in this recording"


@pytest.mark.parametrize(
    ("change", "colour"), [(26.0, 55), (-26.0, -55), (13.0, 34), (0.0, 0), (None, 0)]
)
def test_heat_grows_with_the_change_to_at_most_55_percent(change, colour):
    assert heat(change, 26.0) == colour  # 55 * 0.5 ** 0.7 = 33.9


# -- time machine ------------------------------------------------------------------------
def test_the_machine_shows_day_time_and_chips():
    pane = machine_pane(make_snapshot(), DESK)
    assert (pane["day"], pane["time"], pane["at"]) == ("Tue 18 Aug 2026", "13:42:18", 49338)
    assert [c["text"] for c in pane["chips"]] == ["FULL TICKS", "442 inst", "2 GAPS"]
    assert (pane["playing"], pane["speed"], pane["at_edge"]) == (True, 4.0, False)


def test_at_the_live_edge_there_is_no_way_to_go_live():
    pane = machine_pane(VARIANTS["live"](), replace(DESK, can_live=True))
    assert (pane["edge_text"], pane["can_live"]) == ("at the live edge, 0.4 s", False)
    assert pane["day"] == "Today, Tue 18 Aug 2026"


def test_an_index_without_a_silhouette_yet_follows_one_that_has_it():
    presenter, now = Presenter(), make_snapshot()
    only = replace(now.timeline, silhouettes={"NIFTY": now.timeline.silhouettes["NIFTY"]})
    presenter.present(replace(now, timeline=only), DESK)
    shown = presenter.present(replace(now, timeline=only), Selection("BANKNIFTY"))
    assert shown == present(replace(now, timeline=only), Selection("BANKNIFTY"))


def test_the_timeline_speaks_in_seconds_of_the_day():
    pane = timeline_pane(make_snapshot(), DESK)
    assert (pane["start"], pane["end"]) == (32400, 56400)  # 09:00, 15:40
    assert pane["gaps"][0]["text"] == "3m 30s"
    assert pane["flips"][0] == [36660, 1]  # 10:11
    assert {level for _, level in pane["price"]} >= {0, 100}


def test_the_days_are_listed_with_fidelity_gaps_and_source():
    days = json.loads(days_pane(make_days(), (date(2026, 8, 18), Source.RECORDED)))["days"]
    assert [d["current"] for d in days] == [True, False, False]
    assert [c["text"] for c in days[0]["chips"]] == ["RECORDED", "1M BARS", "CHAIN 1M", "2 GAPS"]
    assert days[2]["chips"][0] == {"text": "GENERATED", "kind": "mock"}


def test_no_stored_day_says_what_to_do():
    assert "tezi import bars" in json.loads(days_pane([]))["empty"]


def test_a_generated_desk_that_all_share_can_be_given_a_speed_of_ones_own():
    pane = machine_pane(make_snapshot(source=Source.MOCK, replay=False), DESK)
    assert (pane["at_edge"], pane["can_live"]) == (False, False)


# -- blind -------------------------------------------------------------------------------
def test_blind_hides_the_date_everywhere():
    text = " ".join(present(make_snapshot(), replace(BLIND, explain="vwap")).values())
    for hint in ("2026", "Aug", "AUG", "Tue", "NIFTY expiry"):
        assert hint not in text


def test_blind_keeps_everything_after_the_playhead():
    pane = timeline_pane(make_snapshot(at=AT - timedelta(hours=1)), BLIND)  # 12:42:18
    assert max(second for second, _ in pane["price"]) == 45720  # 12:42
    assert len(pane["gaps"]) == 1
    assert len(pane["flips"]) == 3


def test_blind_scales_the_silhouette_by_what_was_seen():
    early = timeline_pane(make_snapshot(at=AT.replace(hour=9, minute=30)), BLIND)
    assert max(level for _, level in early["price"]) == 100


def test_a_blind_day_picker_names_no_day():
    text = days_pane(make_days(), (date(2026, 8, 18), Source.RECORDED), blind=True)
    assert json.loads(text)["days"] == []
    assert json.loads(text)["empty"] == "Blind: stored days are hidden. Show the day to open one."
    assert "2026" not in text


# -- banners and toolbar -----------------------------------------------------------------
def test_a_silent_index_is_a_banner_after_a_minute():
    quote = replace(make_snapshot().indices["NIFTY"], age_s=64.0)
    banners = banner_pane(make_snapshot(indices={"NIFTY": quote}), DESK, ())
    assert banners[0]["title"] == "NIFTY has not ticked for 1m 4s."


def test_a_paused_desk_is_not_silent():
    quote = replace(make_snapshot().indices["NIFTY"], age_s=64.0)
    snapshot = make_snapshot(indices={"NIFTY": quote}, status="paused")
    assert banner_pane(snapshot, DESK, ()) == []


def test_after_three_on_expiry_day_a_caution_stands_on_the_page():
    late = make_snapshot(at=AT.replace(hour=15, minute=1))
    assert banner_pane(late, DESK, ())[0]["title"] == "NIFTY settles today."
    assert banner_pane(late, Selection("BANKNIFTY"), ()) == []
    closed = replace(late, phase=replace(late.phase, name="CLOSED"))
    assert banner_pane(closed, DESK, ()) == []


def test_a_desk_that_waits_for_its_day_shows_todays_date_and_says_which_is_next():
    waiting = make_snapshot(source=Source.LIVE, replay=False, day=AT.date() + timedelta(days=1))
    assert header_pane(waiting, DESK)["date"] == "Tue 18 Aug 2026"
    assert machine_pane(waiting, DESK)["day"] == "Next, Wed 19 Aug 2026"


def test_an_error_comes_before_other_notices():
    banners = banner_pane(VARIANTS["failed"](), DESK, (Notice("kite", "Kite needs one click."),))
    assert [b["kind"] for b in banners] == ["error", "warning"]


def test_overlays_are_offered_by_the_sections_that_draw():
    pane = toolbar_pane(make_snapshot(), DESK)
    assert [(o["id"], o["on"], o["style"]) for o in pane["overlays"]] == [
        ("ema", False, ""),
        ("supertrend", True, "split"),
        ("vwap", True, ""),
        ("pivots", True, "dashed"),
        ("orb", False, "dashed"),
    ]


def test_a_section_without_a_table_says_in_the_menu_why_it_cannot_be_drawn():
    snapshot = make_snapshot()
    chart = make_chart()
    assert [o["why"] for o in toolbar_pane(snapshot, DESK)["overlays"]] == [""] * 5
    key = ("NIFTY", "ema", "5m")
    reading = replace(snapshot.final[key], reason="Not recorded on this day")
    tables = {name: table for name, table in chart.overlays.items() if name != "ema"}
    lacking = replace(
        snapshot,
        charts={("NIFTY", "5m"): replace(chart, overlays=tables)},
        final={**snapshot.final, key: reading},
    )
    why = {o["id"]: o["why"] for o in toolbar_pane(lacking, DESK)["overlays"]}
    assert why["ema"] == "Not recorded on this day"
    assert why["vwap"] == ""


def test_a_recording_without_a_future_says_so_of_its_volume():
    silent = replace(make_snapshot(), charts={("NIFTY", "5m"): make_chart(contract=None)})
    (volume,) = toolbar_pane(silent, DESK)["panes"]
    assert (volume["id"], volume["on"], volume["why"]) == (
        "volume",
        True,
        "No future in this recording",
    )
