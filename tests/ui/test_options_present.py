"""The option desk's panes: typed numbers, unknown as a dash, nothing made in another room."""

import json
from dataclasses import replace
from datetime import datetime, time

import numpy as np
import pytest

from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.pipeline.views.options_buildup import WRITERS_ADD
from dashboard.ui.present import Presenter, present
from dashboard.ui.present_options import options_pane
from dashboard.ui.present_options_day import options_day_pane, options_day_rests_on
from dashboard.ui.selection import Selection
from tests.ui.sample import VARIANTS, make_snapshot
from tests.ui.sample_options import EXPIRIES, make_options, make_options_day, make_side

ROOM = Selection(room="options")
BLIND = Selection(room="options", blind=True)


def shown(selection: Selection = ROOM, **changes):
    view = make_options(**changes)
    return options_pane(make_snapshot(options={("NIFTY", selection.expiry): view}), selection)


def fact(pane, label):
    return next(one for one in pane["facts"] if one["label"] == label)


def row(pane, strike):
    return next(one for one in pane["chain"]["rows"] if one["k"] == strike)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("selection", [ROOM, BLIND, replace(ROOM, underlying="SENSEX")])
def test_every_variant_becomes_json_without_nan(variant, selection):
    for text in present(VARIANTS[variant](), selection).values():
        json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_a_pane_is_made_only_in_its_room():
    on_desk, in_room = (
        set(present(make_snapshot(), Selection(room=r))) for r in ("desk", "options")
    )
    assert on_desk - in_room == {"indices", "sections", "chain", "explain"}
    assert in_room - on_desk == {"options", "options_day"}


def test_a_visit_that_changes_rooms_keeps_what_the_other_one_showed():
    presenter, now = Presenter(), make_snapshot()
    desk = presenter.present(now, Selection())
    presenter.present(now, ROOM)
    assert presenter.present(now, Selection()).items() >= desk.items()


def test_facts_are_typed_and_explain_themselves():
    pane = shown()
    told = {one["label"]: (one["value"], one["sub"]) for one in pane["facts"]}
    assert told == {
        "Spot": ("24,302.40", "0.4 s"),
        "Forward": ("24,305.55", "parity, 5 strikes"),
        "ATM IV": ("12.87%", "CE + PE mean"),
        "Straddle": ("37.65", "24,300"),
        "Expected move": ("±46.8", "1σ, 1h 57m left"),
        "PCR OI": ("0.84", "volume 0.88"),
        "Max pain": ("24,300", "spot +2.4"),
        "GEX": (told["GEX"][0], "per 1%, assumed"),
    }
    for one in pane["facts"]:
        assert len(one["tip"]) >= 2, one["label"]
    assert (
        "Assumed positioning: dealers long calls, short puts. Not known from any feed."
        in (fact(pane, "GEX")["tip"])
    )


def test_an_exposure_says_how_many_options_it_does_without():
    assert (
        "2 options without a volatility left out" in fact(shown(exposure_skipped=2), "GEX")["tip"]
    )
    assert "Every option is counted" in fact(shown(exposure_skipped=0), "GEX")["tip"]


@pytest.mark.parametrize(
    ("at", "days", "reason"),
    [
        ("15:27:59", 0, ""),
        ("15:28:00", 0, "Settlement is fixed: greeks say little"),
        ("15:39:00", 7, ""),
    ],
)
def test_late_on_the_day_of_expiry_greeks_are_greyed_with_a_reason(at, days, reason):
    now = datetime.combine(make_snapshot().at.date(), time.fromisoformat(at), IST)
    view = make_options(days_to_expiry=days)
    pane = options_pane(replace(make_snapshot(options={("NIFTY", None): view}), at=now), ROOM)
    assert (pane["chain"]["inputs"]["settled"], pane["gamma"]["settled"]) == (reason, reason)
    exposure = fact(pane, "GEX")
    assert (exposure["old"], "Settlement is fixed: greeks say little" in exposure["tip"]) == (
        bool(reason),
        bool(reason),
    )


def test_exposure_is_in_crore_with_its_sign():
    assert fact(shown(exposure=4_163e7), "GEX")["value"] == "+4,163 Cr"
    assert fact(shown(exposure=-9.8518e8), "GEX")["value"] == "−99 Cr"


def test_unknown_is_a_dash_that_says_so():
    pane = shown(atm_iv=None, straddle=None, max_pain=None, exposure=None, oi_age_s=None, spot=None)
    for label in ("ATM IV", "Straddle", "Max pain", "GEX", "Spot"):
        assert fact(pane, label)["value"] == "—"
        assert fact(pane, label)["tip"][-1] == "Not known: an input is missing"
    assert fact(pane, "Max pain")["sub"] == "too few strikes"


def test_the_chain_shows_both_sides_round_the_money():
    pane = shown()
    assert pane["chain"]["note"] == "17 of 25 strikes · OI and volume in lakh"
    money = row(pane, "24,300")
    assert money["atm"] is True
    assert (money["c"]["ltp"], money["c"]["iv"], money["c"]["delta"]) == ("21.65", "12.9", "0.55")
    assert (money["p"]["ltp"], money["p"]["delta"]) == ("16.10", "−0.45")
    assert row(pane, "24,250")["itm"] == "c"
    assert row(pane, "24,350")["itm"] == "p"


def test_an_option_at_its_floor_has_no_volatility_and_a_reason():
    side = row(shown(), "24,700")["c"]
    assert (side["iv"], side["delta"], side["theta"]) == ("—", "—", "—")
    assert side["why"] == "At one tick, far from the money"
    assert (side["mark"], side["ltp"]) == ("wide", "0.05")


@pytest.mark.parametrize(
    ("note", "mark"),
    [("crossed", "crossed"), ("crossed, stale", "crossed"), ("wide", "wide"), ("no quote", "")],
)
def test_the_gravest_flag_marks_a_quote(note, mark):
    call = make_side("CE")
    notes = tuple(note if k == 24_300 else "" for k in make_options().strikes)
    assert row(shown(call=replace(call, note=notes)), "24,300")["c"]["mark"] == mark


def test_all_strikes_are_shown_when_asked_for():
    pane = shown(replace(ROOM, all_strikes=True))
    assert (len(pane["chain"]["rows"]), pane["chain"]["all"]) == (25, True)


def test_chips_count_what_is_wrong_near_the_money():
    misfit = make_options().strikes == 24_300.0
    texts = [one["text"] for one in shown(misfit=misfit, quote_age_s=75.0)["chips"]]
    assert texts == ["OI 1m 50s", "QUOTES 1m 15s", "12 WIDE", "1 OFF PARITY"]


def test_the_build_up_names_writers_and_holders():
    call = make_side("CE")
    at = make_options().strikes == 24_300.0
    call = replace(
        call,
        buildup=np.where(at, WRITERS_ADD, 0).astype(np.int8),
        oi_percent=np.where(at, 25.4, np.nan),
        price_change=np.where(at, -85.1, np.nan),
    )
    told = shown(call=call)["buildup"]
    money = told["k"].index("24,300")
    assert told["c"][money] == {
        "word": "Writers add", "kind": "writers_add", "oi": "+25.4%", "price": "−85.1%",
    }  # fmt: skip
    assert told["c"][0] == {"word": "—", "kind": "", "oi": "—", "price": "—"}
    call = replace(call, oi_percent=np.full(len(at), 5559.8))
    assert shown(call=call)["buildup"]["c"][0]["oi"] == "over 999%"


def test_the_smile_takes_puts_below_the_forward_and_calls_from_it():
    smile = shown()["smile"]
    told = dict(zip(smile["k"], smile["put"], strict=True))
    assert (told[24_300.0], told[24_350.0]) == (True, False)
    assert smile["iv"][smile["k"].index(24_800.0)] is None


def test_the_profile_holds_the_strikes_of_the_days_prices():
    day = replace(make_options_day(), spot=np.array([24_080.0, 24_302.4]))
    assert shown(day=day)["profile"]["k"][0] <= 24_050.0


def test_expiries_are_named_and_counted():
    pane = shown(replace(ROOM, expiry=EXPIRIES[1]), expiry=EXPIRIES[1], days_to_expiry=7)
    assert [(e["text"], e["sub"], e["on"]) for e in pane["expiries"]] == [
        ("18 Aug", "today", False),
        ("25 Aug", "7d", True),
        ("1 Sep", "14d", False),
        ("29 Sep", "42d", False),
    ]


def test_a_blind_day_names_no_date_in_either_pane():
    view = make_options(forward_source="NIFTY26AUGFUT")
    snapshot = make_snapshot(options={("NIFTY", None): view})
    texts = present(snapshot, BLIND)
    for name in ("options", "options_day"):
        for word in ("Aug", "AUG", "Sep", "2026"):
            assert word not in texts[name], (name, word)
    assert [e["text"] for e in json.loads(texts["options"])["expiries"]] == [
        "today", "7d", "14d", "42d",
    ]  # fmt: skip


def test_a_generated_day_is_marked():
    assert options_pane(make_snapshot(source=Source.MOCK), ROOM)["mock"] is True
    assert options_pane(make_snapshot(), ROOM)["mock"] is False


def test_without_a_chain_the_room_says_why():
    assert options_pane(VARIANTS["no-chain"](), ROOM) == {
        "reason": "No NIFTY option chain in this recording"
    }
    assert options_pane(VARIANTS["loading"](), ROOM) == {"reason": "Loading the chain"}


# -- the day ---------------------------------------------------------------------------


def test_the_day_is_in_seconds_of_the_day():
    pane = options_day_pane(make_snapshot(), ROOM)
    assert (pane["opens"], pane["closes"]) == (9 * 3600 + 900, 15 * 3600 + 2400)
    assert (pane["t"][0], pane["t"][-1]) == (9 * 3600 + 960, 13 * 3600 + 42 * 60)
    assert (pane["pain"][0], pane["pain"][-1]) == (24_250.0, 24_300.0)
    assert pane["smile"]["at"] == 12 * 3600 + 42 * 60


def test_a_cell_of_the_heat_map_holds_five_minutes():
    heat = options_day_pane(make_snapshot(), ROOM)["heat"]
    assert heat["from"][:2] == [9 * 3600 + 900, 9 * 3600 + 1200]
    assert heat["to"][0] == 9 * 3600 + 1200
    assert heat["to"][-1] == 13 * 3600 + 42 * 60
    assert len(heat["k"]) == 13
    assert {len(values) for values in (*heat["c"], *heat["p"])} == {len(heat["to"])}


def test_the_day_rests_until_a_minute_closes():
    now = make_snapshot()
    (before, _) = options_day_rests_on(now, ROOM)
    (after, _) = options_day_rests_on(replace(now, seq=2), ROOM)
    assert before is after is now.options["NIFTY", None].day


def test_an_expiry_without_a_day_says_so():
    chosen = replace(ROOM, expiry=EXPIRIES[1])
    pane = options_day_pane(make_snapshot(), chosen)
    assert pane == {"reason": "No minute of this expiry has closed yet", "t": []}
