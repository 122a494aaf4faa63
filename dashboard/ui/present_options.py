"""The option desk as it stands: expiries, what stands above, and the pictures by strike.

The day behind it is a pane of its own (`present_options_day`), made once a minute. Numbers
that are drawn go out as numbers, in lakh of units or crore of rupees; those that are read go
out as texts. `tip` is what a number says of itself: name, formula, inputs, age.
"""

import math
from datetime import date, datetime, time
from typing import Any

import numpy as np

from dashboard.core.clock import IST
from dashboard.core.market import Floats, Source
from dashboard.core.wording import DASH
from dashboard.pipeline.options_view import OptionsView
from dashboard.pipeline.snapshot import Snapshot
from dashboard.pipeline.views.options_buildup import (
    HOLDERS_ADD,
    HOLDERS_LEAVE,
    WRITERS_ADD,
    WRITERS_LEAVE,
)
from dashboard.ui.phrases import LAKH, chip, known, plural, short_age, spaced_age, without_month
from dashboard.ui.present_options_chain import chain_part, near_rows
from dashboard.ui.selection import Selection

CRORE = 1e7
LATE_S = 60.0  # an age above it is said aloud
SETTLED_FROM = time(15, 28)  # from here the closing auction may end, and with it the settlement
SETTLED = "Settlement is fixed: greeks say little"
ASSUMED = "Assumed positioning: dealers long calls, short puts"
BUILDUP_ROWS = 5  # strikes each side of the money
SMILE_ROWS = 10
PROFILE_ROWS = 4
MOST_PERCENT = 999  # above it a percentage of a tiny base says nothing
WORDS = {
    HOLDERS_ADD: ("Holders add", "holders_add"),
    WRITERS_ADD: ("Writers add", "writers_add"),
    WRITERS_LEAVE: ("Writers leave", "writers_leave"),
    HOLDERS_LEAVE: ("Holders leave", "holders_leave"),
}


def options_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the option desk of the chosen underlying and expiry, or why there is none."""
    view = snapshot.options.get((selection.underlying, selection.expiry))
    if view is None:
        return {"reason": _why_none(snapshot, selection)}
    settled = _settled(view, snapshot.at)
    return {
        "reason": "",
        "mock": snapshot.source is Source.MOCK,
        "underlying": view.underlying,
        "blind": selection.blind,
        "expiries": _expiries(view, blind=selection.blind),
        "facts": _facts(view, settled, blind=selection.blind),
        "chips": _chips(view),
        "chain": chain_part(view, all_strikes=selection.all_strikes, settled=settled),
        "profile": _profile(view),
        "smile": _smile(view),
        "gamma": {**_gamma(view), "settled": settled},
        "buildup": _buildup(view),
        "forward": view.forward,
        "spot": view.spot,
        "atm": view.atm,
    }


def _settled(view: OptionsView, at: datetime) -> str:
    """Return why greeks are greyed late on the day of expiry, "" else."""
    late = view.days_to_expiry == 0 and at.astimezone(IST).time() >= SETTLED_FROM
    return SETTLED if late else ""


def _why_none(snapshot: Snapshot, selection: Selection) -> str:
    if snapshot.status in ("loading", "failed"):
        return "Loading the chain" if snapshot.status == "loading" else "The day stopped"
    fallback = f"Loading the {selection.underlying} chain"
    return snapshot.chain_missing.get(selection.underlying, fallback)


def _expiries(view: OptionsView, *, blind: bool) -> list[dict[str, Any]]:
    """Return what can be picked; a blind day counts days and names none."""
    today = view.expiry.toordinal() - view.days_to_expiry
    return [
        {
            "text": _left(expiry, today) if blind else f"{expiry.day} {expiry:%b}",
            "sub": "" if blind else _left(expiry, today),
            "on": expiry == view.expiry,
        }
        for expiry in view.expiries
    ]


def _left(expiry: date, today: int) -> str:
    days = expiry.toordinal() - today
    return "today" if days == 0 else f"{days}d"


def _facts(view: OptionsView, settled: str, *, blind: bool) -> list[dict[str, Any]]:
    source = without_month(view.forward_source) if blind else view.forward_source
    quotes = f"quotes {_age(view.quote_age_s)} old"
    interest = f"open interest {_age(view.oi_age_s)} old"
    left = DASH if view.time_to_expiry_s is None else spaced_age(view.time_to_expiry_s)
    at = f"at {known(view.atm, 0)}, the strike nearest the {view.atm_from}"
    numbers = f"F {known(view.forward)} · σ {known(view.atm_iv)}% · T {left}"
    return [
        _fact("Spot", known(view.spot), _age(view.spot_age_s),
              "Last price of the index", f"age {_age(view.spot_age_s)}"),
        _fact("Forward", known(view.forward), _source(source),
              "Forward of this expiry, what options are priced on",
              "F = median of K + (C − P) / DF over the 5 strikes nearest the money"
              if "parity" in source else "Last price of the future that expires with the options",
              f"{source} · {quotes}"),
        _fact("ATM IV", _percent(view.atm_iv), "CE + PE mean",
              "Implied volatility at the money", "σ = (σ call + σ put) / 2, Black-76",
              f"{at} · F {known(view.forward)} · T {left} · r 6.5%", quotes),
        _fact("Straddle", known(view.straddle), known(view.atm, 0),
              "Straddle premium", "call + put, mid or fresh last price", at, quotes),
        _fact("Expected move", _either(view.move_to_expiry), f"1σ, {left} left",
              "Expected move to expiry, one standard deviation", "F · σ · √T", numbers,
              f"one session: ±{known(view.move_session, 1)} = S · σ / √252",
              f"by the premium: ±{known(_share(view.straddle), 1)} = 0.85 × straddle, by custom",
              quotes),
        _fact("PCR OI", known(view.pcr_oi), f"volume {known(view.pcr_volume)}",
              "Put-call ratio of open interest", "Σ put OI / Σ call OI, all strikes",
              f"by volume {known(view.pcr_volume)} · ATM±5 {known(view.pcr_near)}"
              + (f", {plural(view.near_missing, 'strike')} missing" if view.near_missing else ""),
              "neutral from 0.8 to 1.2", interest),
        _fact("Max pain", known(view.max_pain, 0), _away(view),
              "Strike at which option writers would pay least",
              "argmin over S of Σ OI call · max(S − K, 0) + Σ OI put · max(K − S, 0)",
              "needs 10 strikes with open interest; weak evidence for pinning", interest),
        _fact("GEX", _crore(view.exposure), "per 1%, assumed",
              "Gamma exposure, rupees of delta a 1% move",
              "Σ ±Γ · OI · F² · 0.01", f"{ASSUMED}. Not known from any feed.",
              _left_out(view, "a volatility"),
              "positive dampens moves, negative amplifies them", f"{quotes} · {interest}",
              *([settled] if settled else []))
        | {"old": bool(settled)},
    ]  # fmt: skip


def _fact(label: str, value: str, sub: str, *tip: str) -> dict[str, Any]:
    if value == DASH:
        tip = (*tip, "Not known: an input is missing")
    return {"label": label, "value": value, "sub": sub, "tip": list(tip)}


def _source(source: str) -> str:
    return source.replace("parity over", "parity,") if "parity" in source else source


def _age(seconds: float | None) -> str:
    return DASH if seconds is None else short_age(seconds)


def _percent(value: float | None) -> str:
    return DASH if value is None else f"{known(value)}%"


def _either(value: float | None) -> str:
    return DASH if value is None else f"±{known(value, 1)}"


def _share(straddle: float | None) -> float | None:
    return None if straddle is None else 0.85 * straddle


def _away(view: OptionsView) -> str:
    if view.max_pain is None:
        return "too few strikes"
    if view.spot is None:
        return "no spot"
    return f"spot {known(view.spot - view.max_pain, 1, signed=True)}"


def _crore(rupees: float | None) -> str:
    return DASH if rupees is None else f"{known(rupees / CRORE, 0, signed=True)} Cr"


def _chips(view: OptionsView) -> list[dict[str, str]]:
    """Return what a reader should know of the chain's quality, the worst first."""
    found = []
    if view.oi_age_s is None:
        found.append(chip(f"OI {DASH}", "", "No open interest has changed yet"))
    else:
        kind = "warning" if view.oi_age_s > LATE_S else ""
        title = "Age of the newest open interest; exchanges send it in batches"
        found.append(chip(f"OI {_age(view.oi_age_s)}", kind, title))
    if view.quote_age_s is not None and view.quote_age_s > LATE_S:
        found.append(chip(f"QUOTES {_age(view.quote_age_s)}", "warning", "Age of the newest quote"))
    near = near_rows(view)
    notes = [note for side in (view.call, view.put) for note in side.note[near]]
    for word, title in (
        ("crossed", "bid above offer: the middle is not used"),
        ("wide", "spread above 5 ticks and 2%: the last price is used while fresh"),
        ("stale", "no fresh price: no volatility"),
    ):
        count = sum(word in note for note in notes)
        if count:
            found.append(
                chip(f"{count} {word.upper()}", "warning", f"Of the near strikes: {title}")
            )
    misfits = int(view.misfit[near].sum())
    if misfits:
        title = "Strikes where |C − P − DF (F − K)| is above 0.2% of F"
        found.append(chip(f"{misfits} OFF PARITY", "warning", title))
    return found


def drawn(values: Floats, unit: float = 1.0, digits: int = 2) -> list[float | None]:
    """Return numbers to draw, rounded, unknown as None."""
    return [
        None if not math.isfinite(value) else value
        for value in np.round(values / unit, digits).tolist()
    ]


def _profile(view: OptionsView) -> dict[str, Any]:
    """Return open interest beside the price: strikes that the day's prices need, and a few."""
    rows = near_rows(view, PROFILE_ROWS)
    if view.day is not None and np.isfinite(view.day.spot).any():
        low, high = np.nanmin(view.day.spot), np.nanmax(view.day.spot)
        first = int(np.searchsorted(view.strikes, low, "right")) - 1
        last = int(np.searchsorted(view.strikes, high)) + 1
        most = near_rows(view)
        rows = slice(
            max(min(rows.start, first), most.start, 0), min(max(rows.stop, last), most.stop)
        )
    return {
        "k": view.strikes[rows].tolist(),
        "co": drawn(view.call.oi[rows], LAKH),
        "cc": drawn(view.call.oi_change[rows], LAKH),
        "po": drawn(view.put.oi[rows], LAKH),
        "pc": drawn(view.put.oi_change[rows], LAKH),
        "base": view.base,
        "age": _age(view.oi_age_s),
    }


def _smile(view: OptionsView) -> dict[str, Any]:
    rows = near_rows(view, SMILE_ROWS)
    below = view.strikes < (view.forward if view.forward is not None else math.nan)
    iv = np.where(below, view.put.iv, view.call.iv)
    return {
        "k": view.strikes[rows].tolist(),
        "iv": drawn(iv[rows]),
        "put": below[rows].tolist(),
        "why": [
            (view.put.why if put else view.call.why)[at] for at, put in enumerate(below.tolist())
        ][rows],
        "age": _age(view.quote_age_s),
    }


def _gamma(view: OptionsView) -> dict[str, Any]:
    rows = near_rows(view, SMILE_ROWS)
    return {
        "k": view.strikes[rows].tolist(),
        "cr": drawn(view.exposure_by_strike[rows], CRORE, 1),
        "assumed": ASSUMED,
        "skipped": _left_out(view, "IV"),
    }


def _left_out(view: OptionsView, what: str) -> str:
    """Return how many options an exposure does without."""
    if not view.exposure_skipped:
        return "Every option is counted"
    return f"{plural(view.exposure_skipped, 'option')} without {what} left out"


def _buildup(view: OptionsView) -> dict[str, Any]:
    rows = near_rows(view, BUILDUP_ROWS)
    sides = {}
    for name, side in (("c", view.call), ("p", view.put)):
        sides[name] = [
            {
                "word": _said(code, oi, price),
                "kind": WORDS[code][1] if code in WORDS else "",
                "oi": _signed_percent(oi),
                "price": _signed_percent(price),
            }
            for code, oi, price in zip(
                side.buildup[rows].tolist(),
                side.oi_percent[rows].tolist(),
                side.price_change[rows].tolist(),
                strict=True,
            )
        ]
    strikes = [known(k, 0) for k in view.strikes[rows].tolist()]
    at = [bool(k == view.atm) for k in view.strikes[rows].tolist()]
    age = f"quotes {_age(view.quote_age_s)} old · open interest {_age(view.oi_age_s)} old"
    return {"k": strikes, "atm": at, **sides, "base": view.buildup_base, "age": age}


def _said(code: int, oi: float, price: float) -> str:
    if code in WORDS:
        return WORDS[code][0]
    return "Quiet" if math.isfinite(oi) and math.isfinite(price) else DASH


def _signed_percent(value: float) -> str:
    if not math.isfinite(value):
        return DASH
    if abs(value) > MOST_PERCENT:
        return f"over {MOST_PERCENT}%"
    return f"{known(round(value, 1), 1, signed=True)}%"
