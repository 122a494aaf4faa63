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
    "pcr_oi_change_call": "call OI, change",
    "pcr_oi_change_put": "put OI, change",
    "pcr_oi_change_ratio": "PCR of changes",
    "rsi14": "RSI 14",
    "macd": "MACD",
    "macd_signal": "MACD signal",
    "macd_hist": "MACD histogram",
    "roc10": "ROC 10",
    "rsi_vote": "vote of RSI",
    "macd_vote": "vote of MACD",
    "roc_vote": "vote of ROC",
    "macd_cross": "MACD cross",
    "momentum_score": "score of votes",
    "atr14": "ATR 14",
    "adx14": "ADX 14",
    "plus_di14": "+DI 14",
    "minus_di14": "−DI 14",
    "psar": "stop (SAR)",
    "psar_dir": "side of stop",
    "psar_gap": "close less stop",
    "rvol_tod": "volume × usual",
    "rvol20": "volume × 20 bars",
    "rvol": "volume × 20 bars",
    "band": "band of volume",
    "day_volume": "volume today",
    "sessions": "sessions compared",
    "poc": "POC",
    "vah": "VAH",
    "val": "VAL",
    "poc_age_s": "POC age, s",
    "prior_poc": "prior POC",
    "prior_vah": "prior VAH",
    "prior_val": "prior VAL",
    "room": "room up less down",
    "tolerance": "zone half-width",
    "broken": "broken",
    "trend": "trend of breaks",
    "last_swing_high": "last swing high",
    "last_swing_low": "last swing low",
    "high_label": "name of high",
    "low_label": "name of low",
    "high_count": "swing highs known",
    "low_count": "swing lows known",
    "label_run": "names in a row",
    "choch": "after a CHoCH",
    "body_pct": "body, % of range",
    "upper_wick_pct": "upper wick, %",
    "lower_wick_pct": "lower wick, %",
    "close_loc": "close in range",
    "intent": "intent",
    "range_atr": "range, ATRs",
    "price_change_pct": "price, day %",
    "oi_change_pct": "OI, day %",
    "label": "build-up, day",
    "price_change_15m_pct": "price, 15m %",
    "oi_change_15m_pct": "OI, 15m %",
    "label_15m": "build-up, 15m",
    "oi": "OI of both",
    "roll_pct": "rolled, %",
    "max_pain": "max pain",
    "max_pain_spot": "held against",
    "max_pain_distance": "distance, %",
    "max_pain_strikes": "strikes with OI",
    "vix": "India VIX",
    "regime": "regime",
    "expected_move": "1σ of a session",
    "change_pct": "day change, %",
    "percentile": "percentile, 252 d",
    "factor": "factor on others",
    "total": "total",
    "coverage": "coverage",
    "stance": "side entered",
    "vix_factor": "VIX factor",
    "trend_score": "trend, −1 to 1",
    "derivatives_score": "derivatives, −1 to 1",
}
FAMILIES = {"classic": "Classic", "fib": "Fibonacci", "cam": "Camarilla", "woodie": "Woodie"}
EMA = re.compile(r"ema(\d+)")
PIVOT = re.compile(r"(classic|fib|cam|woodie)_([prs]\d?)")
RANGE = re.compile(r"or(\d+)_(high|low|break)")
ZONE = re.compile(r"([rs]\d)(?:_(score|source))?")
GROUP = re.compile(r"(\w+)_group")


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
    if found := ZONE.fullmatch(column):
        return f"{found[1].upper()} {found[2] or 'zone'}"
    if found := GROUP.fullmatch(column):
        return f"{found[1]}, together"
    return fallback or column.replace("_", " ")
