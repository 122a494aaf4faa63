"""What the two cards of double width show besides: confluence its parts, VIX its regimes."""

from typing import Any

from dashboard.core.signal import Reading, Stance
from dashboard.core.wording import DASH
from dashboard.signals.confluence import GROUPS
from dashboard.signals.vix import REGIMES
from dashboard.ui.phrases import Chip, chip, known
from dashboard.ui.present_scale import SCALES, scale

NO_EDGE = "NO STATISTICAL EDGE ESTABLISHED"
FULL = max(weight for weight, _ in GROUPS.values())  # a bar of this contribution is full
FIXED: dict[str, Chip] = {
    "confluence": chip(NO_EDGE, "outline", "Nobody has shown that this total predicts anything"),
    "vix": chip("NOT DIRECTIONAL", "outline", "It says how much the market may move, not where"),
}


def widened(name: str, card: dict[str, Any], final: Reading | None) -> dict[str, Any]:
    """Return what a wide card shows in place of a narrow one's blocks and numbers."""
    if card["state"] in ("loading", "absent", "failed"):
        return {"fixed": FIXED[name]}
    return CARDS[name](card, final) | {"fixed": FIXED[name]}


def _confluence(card: dict[str, Any], final: Reading | None) -> dict[str, Any]:
    values = final.values if final else {}
    total, factor = _number(values.get("total")), _number(values.get("vix_factor"))
    silent = [
        name for name, (_, shares) in GROUPS.items() if any(values.get(m) is None for m in shares)
    ]
    reason = card["reason"]
    if total is not None:
        reason += f"; VIX × {known(factor)}"
    if silent and total is not None:
        reason += f"; in part: {', '.join(silent)}"
    return {
        "numbers": [],
        "blocks": None,
        "key": known(total, 1, signed=True),
        "bars": [_bar(name, values) for name in GROUPS],
        "reason": reason,
    }


def _bar(name: str, values: Any) -> dict[str, Any]:
    """Return one group's contribution and how far its bar goes, in percent of a side."""
    value = _number(values.get(f"{name}_group"))
    members = (f"{m} {known(_number(values.get(m)), 1, signed=True)}" for m in GROUPS[name][1])
    reach = 0.0 if value is None else min(100.0, 100 * abs(value) / FULL)
    return {
        "label": name.capitalize(),
        "text": known(value, 1, signed=True),
        "side": "" if not value else "bull" if value > 0 else "bear",
        "reach": round(reach, 1),
        "title": ", ".join(members).replace("_", " "),
    }


def _vix(card: dict[str, Any], final: Reading | None) -> dict[str, Any]:
    values = final.values if final else {}
    regime, factor = values.get("regime"), _number(values.get("factor"))
    if final is None or regime not in REGIMES or final.state is Stance.INSUFFICIENT:
        return {}
    shown: dict[str, Any] = {"ruler": scale(SCALES["vix"], values.get("vix"))}
    percentile = _number(values.get("percentile"))
    share = {
        "label": "of 252 d",
        "text": DASH if percentile is None else f"{known(percentile, 0)}%",
        "provisional": any(number["provisional"] for number in card["numbers"]),
        "title": "Share of the last 252 closes at or below it"
        if percentile is not None
        else "Fewer than 252 earlier sessions are known",
    }
    shown["numbers"] = [*card["numbers"], share]
    if final.state is Stance.NEUTRAL and "regime_unknown" not in final.flags:
        shown |= {"word": str(regime).capitalize(), "blocks": None, "key": f"× {known(factor)}"}
        shown["label"] = f"{card['label']}, {regime}"
    return shown


def _number(value: float | str | None) -> float | None:
    return value if isinstance(value, float) else None


CARDS = {"confluence": _confluence, "vix": _vix}
