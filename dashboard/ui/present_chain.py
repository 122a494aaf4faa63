"""The option chain round the money."""

from typing import Any

from dashboard.core.market import Source
from dashboard.core.wording import DASH
from dashboard.pipeline.snapshot import ChainRow, ChainView, Snapshot
from dashboard.ui.phrases import known, lakhs, spaced_age, without_month
from dashboard.ui.selection import Selection

NEAR = 3  # strikes each side of the money on every screen
FAR = 7  # and on a wide one
HEAT_PERCENT = 55  # the most that a heat cell mixes in
HEAT_POWER = 0.7  # small changes stay visible
OI_LATE_S = 60.0
LAKH_WHOLE = 1_000_000  # from ten lakh on, volume needs no decimal


def chain_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return the chain of the chosen underlying, or why there is none."""
    chain = snapshot.chains.get(selection.underlying)
    if chain is None or not chain.rows:
        return _without(_why_none(snapshot, selection))
    rows = _shown(chain, all_strikes=selection.all_strikes)
    return {
        "mock": snapshot.source is Source.MOCK,
        "reason": "",
        **_expiry(chain, blind=selection.blind),
        "facts": _facts(chain, blind=selection.blind),
        "oi": _oi_age(chain),
        "all": selection.all_strikes,
        "count": len(chain.rows),
        "rows": _rows(chain, rows),
        "total": _totals(chain),
    }


def _without(reason: str) -> dict[str, Any]:
    return {"rows": [], "facts": [], "reason": reason, "chip": "", "oi": None, "mock": False}


def _why_none(snapshot: Snapshot, selection: Selection) -> str:
    if snapshot.status == "loading":
        return "Loading the chain"
    missing = f"No {selection.underlying} option chain in this recording"
    return snapshot.chain_missing.get(selection.underlying, missing)


def _expiry(chain: ChainView, *, blind: bool) -> dict[str, str]:
    days = chain.days_to_expiry
    left = "TODAY" if days == 0 else f"{days} DAY" if days == 1 else f"{days} DAYS"
    if blind:
        return {"chip": left, "chip_title": "Days to expiry"}
    date_text = f"{chain.expiry.day} {chain.expiry:%b}".upper()
    return {"chip": f"{date_text} · {left}", "chip_title": "Nearest expiry"}


def _facts(chain: ChainView, *, blind: bool) -> list[tuple[str, str, str]]:
    source = without_month(chain.forward_source) if blind else chain.forward_source
    left = DASH if chain.time_to_expiry_s is None else spaced_age(chain.time_to_expiry_s)
    iv = DASH if chain.atm_iv is None else f"{known(chain.atm_iv, 1)}%"
    missing = f"not known: {_why_no_price(chain)}"
    return [
        ("T", left, "Time to expiry"),
        ("Fwd", known(chain.forward), f"Forward: {source}"),
        ("ATM IV", iv, f"ATM IV {missing}" if chain.atm_iv is None else "At-the-money IV"),
        (
            "Straddle",
            known(chain.straddle),
            f"Straddle {missing}" if chain.straddle is None else "Call and put at the money",
        ),
    ]


def _why_no_price(chain: ChainView) -> str:
    money = [row for row in chain.rows if row.strike == chain.atm]
    notes = [note for row in money for note in (row.call_note, row.put_note)]
    if any("stale" in note for note in notes):
        return "the price at the money is stale, not fresh within 60 s"
    return "a price at the money is missing"


def _oi_age(chain: ChainView) -> dict[str, Any]:
    if chain.oi_age_s is None:
        return {"text": f"OI {DASH}", "late": False, "title": "Age of open interest is not known"}
    return {
        "text": f"OI {spaced_age(chain.oi_age_s)}",
        "late": chain.oi_age_s > OI_LATE_S,
        "title": "Age of the newest open interest; exchanges send it in batches",
    }


def _shown(chain: ChainView, *, all_strikes: bool) -> list[tuple[int, ChainRow]]:
    """Return rows with their distance from the money in strikes."""
    centre = _centre(chain)
    rows = [(i - centre, row) for i, row in enumerate(chain.rows)]
    return rows if all_strikes else [pair for pair in rows if abs(pair[0]) <= FAR]


def _centre(chain: ChainView) -> int:
    money = next((m for m in (chain.atm, chain.forward, chain.spot) if m is not None), None)
    if money is None:
        return len(chain.rows) // 2
    return min(range(len(chain.rows)), key=lambda i: abs(chain.rows[i].strike - money))


def _rows(chain: ChainView, shown: list[tuple[int, ChainRow]]) -> list[dict[str, Any]]:
    sides = [(r.call_oi, r.put_oi) for _, r in shown]
    largest = max((oi for pair in sides for oi in pair if oi is not None), default=0.0)
    changes = [(r.call_oi_change, r.put_oi_change) for _, r in shown]
    widest = max((abs(c) for pair in changes for c in pair if c is not None), default=0.0)
    return [_row(chain, away, row, largest, widest) for away, row in shown]


def _row(
    chain: ChainView, away: int, row: ChainRow, largest: float, widest: float
) -> dict[str, Any]:
    digits = 0 if row.strike == int(row.strike) else 2
    money = chain.forward if chain.forward is not None else chain.spot
    in_money = "" if money is None else ("c" if row.strike < money else "p")
    return {
        "k": known(row.strike, digits),
        "atm": row.strike == chain.atm,
        "itm": in_money,
        "far": abs(away) > NEAR,
        "c": _side(
            row.call_oi, row.call_oi_change, row.call_volume, row.call_iv, row.call_ltp,
            row.call_note, largest, widest,
        ),
        "p": _side(
            row.put_oi, row.put_oi_change, row.put_volume, row.put_iv, row.put_ltp,
            row.put_note, largest, widest,
        ),
    }  # fmt: skip


def _side(
    oi: float | None,
    change: float | None,
    volume: float | None,
    iv: float | None,
    ltp: float | None,
    note: str,
    largest: float,
    widest: float,
) -> dict[str, Any]:
    side: dict[str, Any] = {
        "chg": lakhs(change, signed=True),
        "heat": heat(change, widest),
        "oi": lakhs(oi),
        "bar": None if oi is None or not largest else round(100 * oi / largest),
        "vol": lakhs(volume, 0 if volume is not None and volume >= LAKH_WHOLE else 1),
        "iv": known(iv, 1),
        "ltp": known(ltp),
    }
    if change is None:
        side["chg_title"] = "Change in OI needs the previous close's OI, which is not here"
    if oi is None:
        side["oi_title"] = "No open interest in this recording"
    if note or iv is None:
        side["note"] = note or "No IV: the price or the forward is missing"
        side["mark"] = next((mark for mark in ("crossed", "stale") if mark in note.lower()), "")
    return side


def heat(change: float | None, widest: float) -> int:
    """Return how much colour a change gets, in percent; negative where OI was removed."""
    if not change or not widest:
        return 0
    share: float = (abs(change) / widest) ** HEAT_POWER
    return round(HEAT_PERCENT * share) * (1 if change > 0 else -1)


def _totals(chain: ChainView) -> dict[str, Any]:
    return {
        "c": {
            "chg": _sum(row.call_oi_change for row in chain.rows),
            "oi": lakhs(chain.call_oi),
            "vol": lakhs(chain.call_volume, 0),
        },
        "p": {
            "chg": _sum(row.put_oi_change for row in chain.rows),
            "oi": lakhs(chain.put_oi),
            "vol": lakhs(chain.put_volume, 0),
        },
    }


def _sum(changes: Any) -> str:
    known_changes = [change for change in changes if change is not None]
    return lakhs(sum(known_changes), signed=True) if known_changes else DASH
