"""Names of the values of a reading, as people say them."""

import re

NAMES = {
    "cross_9_20": "cross 9/20",
    "cross_50_200": "cross 50/200",
    "st_10_3": "SuperTrend 10,3",
    "st_7_3": "SuperTrend 7,3",
    "st_10_3_dir": "direction 10,3",
    "st_7_3_dir": "direction 7,3",
    "st_gap": "close less stop",
    "st_atr10": "ATR 10",
    "vwap": "VWAP",
    "vwap_sd": "1σ",
    "vwap_u1": "VWAP +1σ",
    "vwap_l1": "VWAP −1σ",
    "vwap_u2": "VWAP +2σ",
    "vwap_l2": "VWAP −2σ",
    "vwap_z": "z",
    "vwap_slope": "VWAP slope",
    "cpr_tc": "CPR top",
    "cpr_bc": "CPR bottom",
    "cpr_width_pct": "CPR width",
    "cpr_inverted": "CPR inverted",
    "prior_close_official": "official close",
    "or15_distance": "beyond range",
    "pcr_oi": "PCR, OI",
    "pcr_volume": "PCR, volume",
    "pcr_oi_atm5": "PCR, OI ATM±5",
    "pcr_volume_atm5": "PCR, volume ATM±5",
    "pcr_call_oi": "call OI",
    "pcr_put_oi": "put OI",
    "pcr_atm": "ATM strike",
    "pcr_atm_missing": "strikes missing",
    "oi_age_s": "OI age, s",
}
FAMILIES = {"classic": "Classic", "fib": "Fibonacci", "cam": "Camarilla", "woodie": "Woodie"}
EMA = re.compile(r"ema(\d+)")
PIVOT = re.compile(r"(classic|fib|cam|woodie)_([prs]\d?)")
RANGE = re.compile(r"or(\d+)_(high|low|break)")


def label_of(column: str, fallback: str = "") -> str:
    """Return the name of a value: "EMA 200", "Fibonacci R1", "OR 15m high".

    One that is not known by name is called `fallback`, or its column without underscores.
    """
    if column in NAMES:
        return NAMES[column]
    if found := EMA.fullmatch(column):
        return f"EMA {found[1]}"
    if found := PIVOT.fullmatch(column):
        return f"{FAMILIES[found[1]]} {found[2].upper()}"
    if found := RANGE.fullmatch(column):
        return f"OR {found[1]}m {found[2]}"
    return fallback or column.replace("_", " ")
